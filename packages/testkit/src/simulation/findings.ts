import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reportOf } from './report.ts';
import { PLANTED_FAULTS } from './planted/planted-faults.ts';
import { simulate, type SimulationResult } from './simulation.ts';

/** Seeds to run in one go, in words that another process understands. */
export interface Batch {
  readonly from: number;
  readonly to: number;
  /** Name of the planted fault. */
  readonly fault?: string | undefined;
  /** Only these troubles happen. */
  readonly troubles?: readonly string[] | undefined;
  /** Stop at the first one that is not clean. */
  readonly stop: boolean;
  /** Folder for what happened in each run that is not clean. */
  readonly save?: string | undefined;
}

/** A run that is not clean. */
export interface Finding {
  readonly seed: number;
  readonly what: string;
}

/** What a batch brought. */
export interface Findings {
  readonly runs: number;
  readonly unclean: readonly Finding[];
  /** Resident memory of the process that ran it, MB. */
  readonly residentMb: number;
}

/** Runs the seeds of a batch one after the other. */
export async function findingsOf(batch: Batch): Promise<Findings> {
  const planted = PLANTED_FAULTS.find(({ name }) => name === batch.fault);
  const troubles = batch.troubles && new Set(batch.troubles);
  const unclean: Finding[] = [];
  let runs = 0;
  for (let seed = batch.from; seed <= batch.to; seed += 1) {
    const options = { seed, troubles };
    const result = await simulate({ ...options, planted });
    runs += 1;
    if (result.clean) continue;
    // A fault counts as found only by a seed that is clean without it.
    if (planted !== undefined && !(await simulate(options)).clean) continue;
    unclean.push({ seed, what: whatOf(result) });
    if (batch.save !== undefined)
      await save(batch.save, await simulate({ ...options, planted, trace: true }));
    if (batch.stop) break;
  }
  return { runs, unclean, residentMb: Math.round(process.memoryUsage.rss() / 1_048_576) };
}

async function save(folder: string, result: SimulationResult): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `simulation-${result.seed}.txt`);
  await writeFile(path, [...reportOf(result), ...result.trace, ''].join('\n'));
}

/** What is wrong with a run, in a line. */
function whatOf({ verdict, complaints }: SimulationResult): string {
  const broken = Object.entries(verdict.broken).map(([kind, count]) => `${kind} ${count}`);
  return [...broken, ...complaints.slice(0, 1)].join(', ');
}
