import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Sample, Scenario } from '../scenarios/scenario.ts';
import { summaryOf, type SummaryRow } from './summary.ts';

/** What is kept of a scenario. */
export interface Result {
  readonly scenario: string;
  readonly about: string;
  /** The command that made it. */
  readonly command: string;
  readonly date: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly summary: readonly SummaryRow[];
  readonly samples: readonly Sample[];
}

/** Circumstances of a run. */
export type Circumstances = Pick<Result, 'command' | 'versions' | 'rounds'>;

const GIB = 1024 ** 3;
const DIGITS = 4;

/** The class of the machine: enough to compare, nothing that names it. */
function machineClass(): string {
  const all = cpus();
  const model = all[0]?.model.trim() ?? 'unknown processor';
  return `${all.length} x ${model}, ${Math.round(totalmem() / GIB)} GiB, Linux ${release().split('-')[0]}`;
}

export function resultOf(scenario: Scenario, samples: readonly Sample[], around: Circumstances): Result {
  return {
    scenario: scenario.name,
    about: scenario.about,
    date: new Date().toISOString().slice(0, 10),
    machine: machineClass(),
    ...around,
    summary: summaryOf(samples),
    samples,
  };
}

/** Writes `<scenario>.json` and `<scenario>.md`. */
export async function writeResult(folder: string, result: Result): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${result.scenario}.json`), `${JSON.stringify(result, null, 2)}\n`);
  await writeFile(join(folder, `${result.scenario}.md`), page(result));
}

/** The result that stands in `folder`, undefined when there is none. */
export async function readResult(folder: string, scenario: string): Promise<Result | undefined> {
  const text = await readFile(join(folder, `${scenario}.json`), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Result);
}

function page(result: Result): string {
  const { scenario, about, command, date, machine, versions, rounds, summary } = result;
  const names = Object.keys(summary[0]?.values ?? {});
  const cell = (value: number | undefined): string =>
    value === undefined || Number.isNaN(value) ? '' : String(Number(value.toPrecision(DIGITS)));
  const rows = summary.map((row) => [row.target, ...names.map((name) => cell(row.values[name]))]);
  const verdicts = summary.map((row) => `- ${row.target}: ${row.verdicts.join('; ')}`);
  return [
    `# ${scenario}`,
    '',
    about,
    '',
    `Medians of ${rounds} interleaved rounds; every round is in \`${scenario}.json\`.`,
    '',
    tableRow(['target', ...names]),
    tableRow(['---', ...names.map(() => '---:')]),
    ...rows.map(tableRow),
    '',
    'Verdict of the checker per round:',
    '',
    ...verdicts,
    '',
    `Command: \`${command}\`. ${date}. ${machine}. ${Object.entries(versions)
      .map(([name, version]) => `${name}: ${version}`)
      .join(', ')}.`,
    '',
  ].join('\n');
}

/** A row of a table in Markdown. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
