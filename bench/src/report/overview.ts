import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCauses, type Causes } from './causes.ts';
import { readResult, tableRow, type Result } from './results.ts';
import { GOALS, outcomes, type Outcome, type Results } from './targets.ts';

/** Written by people, beside the pages that are written by the benchmark. */
const CAUSES_FILE = 'causes.md';
const PAGE = 'README.md';
const DIGITS = 3;

/** Writes the page of all goals from the results that stand in `folder`. */
export async function writeOverview(folder: string): Promise<void> {
  const names = [...new Set(GOALS.map(({ scenario }) => scenario))];
  const results = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readResult(folder, name)] as const)),
  );
  const causes = await readCauses(join(folder, CAUSES_FILE));
  const strangers = Object.keys(causes).filter((id) => GOALS.every((goal) => goal.id !== id));
  if (strangers.length > 0)
    throw new Error(
      `${CAUSES_FILE} has a cause for "${strangers.join(', ')}", which is no goal; goals are ${GOALS.map(({ id }) => id).join(', ')}`,
    );
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, PAGE), overview(results, causes));
}

/** The page: one row per goal. */
export function overview(results: Results, causes: Causes): string {
  const all = outcomes(results);
  const reached = all.filter((outcome) => outcome.reached === true).length;
  return [
    '# Goals and what was measured',
    '',
    `${reached} of ${all.length} reached. Written by \`make bench\` from the pages beside this one; causes come from \`${CAUSES_FILE}\`, which people write.`,
    '',
    tableRow(['goal', 'limit', 'measured', 'peer', 'ratio', 'reached', 'cause']),
    tableRow(['---', '---', '---:', '---:', '---:', '---', '---']),
    ...all.map((outcome) => tableRow(cells(outcome, causes))),
    '',
    ...circumstances(results),
    '',
  ].join('\n');
}

function cells(outcome: Outcome, causes: Causes): string[] {
  const { goal, measured, ofPeer, ratio, reached } = outcome;
  return [
    `[${goal.what}](${goal.scenario}.md)`,
    goal.limit,
    measured === undefined ? '' : `${short(measured)}${unitOf(goal.value)}`,
    ofPeer === undefined ? '' : short(ofPeer),
    ratio === undefined ? '' : `${short(ratio)} x`,
    reached === undefined ? 'not measured' : reached ? 'yes' : '**no**',
    remark(outcome, causes[goal.id]),
  ];
}

function remark({ goal, reached, doubts }: Outcome, cause: string | undefined): string {
  const stated = cause ?? `no cause known yet (\`${goal.id}\` in ${CAUSES_FILE})`;
  return [...doubts, ...(reached === false ? [stated] : [])].join('; ');
}

function unitOf(value: string): string {
  if (value.startsWith('KB')) return ' KB';
  if (value.endsWith(' ms') || value.includes('CPU ms')) return ' ms';
  return value.includes('CPU s per million') ? ' s' : '';
}

function short(value: number): string {
  return value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(DIGITS)));
}

/** Where and when: one line, or one for each kind of circumstances when results were not made together. */
function circumstances(results: Results): string[] {
  const made = Object.values(results).filter((result): result is Result => result !== undefined);
  const line = ({ machine, date, rounds, versions }: Result): string =>
    `${date}, ${machine}, ${rounds} rounds. ${Object.entries(versions)
      .map(([name, version]) => `${name}: ${version}`)
      .join(', ')}.`;
  return [...new Set(made.map(line))];
}
