import { readFile, writeFile } from 'node:fs/promises';
import type { Finding } from './findings.ts';
import type { PlantedFault } from './planted/planted-fault.ts';

/** What became of a planted fault. */
export interface Search {
  readonly fault: PlantedFault;
  readonly runs: number;
  /** Absent when no seed found it. */
  readonly found?: Finding | undefined;
}

const BEGIN = '<!-- planted faults: begin -->';
const END = '<!-- planted faults: end -->';

/** Puts the table of planted faults between its two marks in a page. */
export async function writeTable(path: string, searches: readonly Search[]): Promise<void> {
  const page = await readFile(path, 'utf8');
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from)
    throw new Error(`${path} has no lines "${BEGIN}" and "${END}" to put the table between`);
  const table = tableOf(searches).join('\n');
  await writeFile(path, `${page.slice(0, from)}${BEGIN}\n${table}\n${page.slice(to)}`);
}

function tableOf(searches: readonly Search[]): string[] {
  const rows = searches.map(({ fault, found }) => {
    const seed = found === undefined ? 'not found' : String(found.seed);
    return `| \`${fault.name}\` | ${fault.mistake} | ${seed} | ${found === undefined ? '' : kindsOf(found)} |`;
  });
  return ['| fault | mistake | first seed | seen as |', '|---|---|---|---|', ...rows];
}

/** How it showed, without the names of one run. */
function kindsOf({ what }: Finding): string {
  return what
    .replace(/(^|, )c\d+ sees .*/, '$1values that differ')
    .replace(/(^|, )value c\d+=.*/, '$1one value under two ids')
    .replace(/(^|, )(c\d+: |c\d+ in ).*/, '$1a refusal nobody may meet')
    .replaceAll('|', '/');
}
