import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'corpus');

/** The kept inputs of a target, one JSON value per line. */
export function readCorpus(target: string): unknown[] {
  const file = join(folder, `${target}.ndjson`);
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

/** Keeps inputs, in an order that does not depend on the run. */
export function writeCorpus(target: string, inputs: readonly unknown[]): void {
  const lines = [...new Set(inputs.map((input) => JSON.stringify(input)))].sort();
  writeFileSync(join(folder, `${target}.ndjson`), `${lines.join('\n')}\n`);
}
