// The program `chatctl`.
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { cacheFolder, chatctl } from './chatctl.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(signal));

async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question(`${question} [y/N] `, { signal: interrupt.signal }));
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}

process.exitCode = await chatctl(process.argv.slice(2), {
  env: process.env,
  root: resolve(import.meta.dirname, '../../..'),
  cache: cacheFolder(process.env),
  out: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  ...(process.stdin.isTTY && { confirm }),
  signal: interrupt.signal,
});
