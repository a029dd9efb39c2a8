import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { crewOf } from './crew.ts';
import { writeTable, type Search } from './fault-table.ts';
import type { Batch } from './findings.ts';
import { PLANTED_FAULTS } from './planted/planted-faults.ts';
import { reportOf } from './report.ts';
import { shrink } from './shrink.ts';
import { simulate, type SimulationOptions } from './simulation.ts';
import { TROUBLE_NAMES } from './troublemaker.ts';

const USAGE = `simulate --seed N | --seeds FROM..TO [--jobs N] [--fault NAME] [--trouble NAME,NAME] [--trace]

Runs the real gateway, worker and SDK on simulated time, network, Kafka and Redis, and lets the checker judge.
Exit code 0: all clean (with --fault: found). A seed always gives the same run of the same code.

  --seed N          one seed, with its schedule; with --trace everything that happened
  --without N,N     leaves troubles out of it, by their place in the schedule
  --seeds FROM..TO  many seeds; stops at the first that is not clean, and shows the troubles it needs
  --jobs N          that many processes share the seeds
  --keep-going      do not stop there
  --fault NAME      with a mistake planted, to see whether it is found; "all" for every one
  --table FILE      with --fault all: writes the table of them into a page
  --trouble NAMES   only these troubles happen
  --save DIR        write what happened in each run that is not clean to DIR/simulation-SEED.txt

troubles: ${TROUBLE_NAMES.join(', ')}
planted faults: ${PLANTED_FAULTS.map(({ name }) => name).join(', ')}
`;

/** Between two words on how far it is, ms. */
const PROGRESS_MS = 30_000;
/** As the shell counts a program that wrote to somebody who had gone (128 + SIGPIPE). */
const NOBODY_READS = 141;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    without: { type: 'string' },
    seeds: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    fault: { type: 'string' },
    table: { type: 'string' },
    trouble: { type: 'string' },
    save: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function say(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function numberOf(text: string, option: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`${option}: "${text}" is no whole number; see --help`);
}

function rangeOf(): { from: number; to: number } {
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? `${values.seed}..${values.seed}`);
  if (range === null) throw new Error('give --seed N or --seeds FROM..TO; see --help');
  return { from: Number(range[1]), to: Number(range[2]) };
}

function batchOf(fault: string | undefined, stop: boolean): Batch {
  const troubles = values.trouble?.split(',');
  for (const name of troubles ?? [])
    if (!TROUBLE_NAMES.includes(name)) throw new Error(`there is no trouble "${name}"; see --help`);
  return { ...rangeOf(), fault, troubles, stop, save: values.save };
}

/** Everything about one run, and about the least of it that is not clean. */
async function show(options: SimulationOptions): Promise<boolean> {
  const { trace } = values;
  const result = await simulate({ ...options, trace });
  say(...reportOf(result), ...result.trace);
  if (result.clean || result.schedule.length === 0) return result.clean;
  const { without, result: least, runs } = await shrink(options, result);
  if (least.schedule.length === result.schedule.length) return false;
  const places = [...without].sort((a, b) => a - b).join(',');
  say(`minimal schedule, after ${runs} runs: tools/simulate --seed ${options.seed} --without ${places}`);
  say(...reportOf(least));
  return false;
}

async function searchPlanted(name: string): Promise<number> {
  const faults = PLANTED_FAULTS.filter((fault) => name === 'all' || name === fault.name);
  if (faults.length === 0) throw new Error(`there is no planted fault "${name}"; see --help`);
  const crew = crewOf(numberOf(values.jobs, '--jobs'));
  const searches: Search[] = [];
  for (const fault of faults) {
    const { unclean, runs } = await campaign(crew, batchOf(fault.name, true));
    const [found] = unclean;
    searches.push({ fault, runs, found });
    const outcome =
      found === undefined ? `NOT FOUND in ${runs} seeds` : `found by seed ${found.seed}: ${found.what}`;
    say(`${fault.name.padEnd(32)} ${outcome}`);
    if (found !== undefined && faults.length === 1) await show({ ...oneOf(found.seed), planted: fault });
  }
  crew.close();
  if (values.table !== undefined) await writeTable(values.table, searches);
  return searches.every(({ found }) => found !== undefined) ? 0 : 1;
}

function oneOf(seed: number): SimulationOptions {
  const { troubles } = batchOf(undefined, true);
  const without = values.without?.split(',').map((place) => numberOf(place, '--without'));
  return { seed, troubles: troubles && new Set(troubles), without: without && new Set(without) };
}

async function runMany(): Promise<number> {
  const began = performance.now();
  const keepGoing = values['keep-going'];
  const crew = crewOf(numberOf(values.jobs, '--jobs'));
  const batch = batchOf(undefined, !keepGoing);
  const { unclean, runs, residentMb } = await campaign(crew, batch, {
    onFound: ({ seed, what }) => keepGoing && say(`seed ${seed}: ${what}`),
    onRan: progress(batch.to - batch.from + 1),
  });
  crew.close();
  const minutes = (performance.now() - began) / 60_000;
  const [first] = unclean;
  if (first !== undefined) await show(oneOf(first.seed));
  const memory = `memory of a process ${residentMb.first} MB at first, ${residentMb.last} MB at last`;
  say(
    `${runs} seeds, ${unclean.length} not clean, ${Math.round(runs / minutes)} seeds per minute, ${memory}`,
  );
  return unclean.length === 0 ? 0 : 1;
}

/** Says how far it is, now and then, beside the results. */
function progress(all: number): (runs: number) => void {
  const began = performance.now();
  let said = began;
  return (runs) => {
    const now = performance.now();
    if (now - said < PROGRESS_MS) return;
    said = now;
    const left = Math.ceil((((all - runs) / runs) * (now - began)) / 60_000);
    process.stderr.write(`  ${runs} of ${all} seeds, about ${left} minutes left\n`);
  };
}

async function main(): Promise<number> {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  if (values.fault !== undefined) return searchPlanted(values.fault);
  if (values.seed !== undefined) return (await show(oneOf(numberOf(values.seed, '--seed')))) ? 0 : 1;
  return runMany();
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(NOBODY_READS);
});
process.exitCode = await main();
