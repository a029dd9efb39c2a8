import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatVerdict } from '../checker/index.ts';
import { PLANTED_FAULTS } from './planted/planted-faults.ts';
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';
import { TROUBLE_NAMES } from './troublemaker.ts';

const USAGE = `simulate --seed N | --seeds FROM..TO [--fault NAME] [--trouble NAME,NAME] [--trace]

Runs the real gateway, worker and SDK on simulated time, network, Kafka and Redis, and lets the checker judge.
Exit code 0: all clean (with --fault: found). A seed always gives the same run.

  --seed N          one seed, with its schedule; with --trace everything that happened
  --seeds FROM..TO  many seeds; stops at the first that is not clean
  --keep-going      do not stop there
  --fault NAME      with a mistake planted, to see whether it is found; "all" for every one
  --trouble NAMES   only these troubles happen
  --save DIR        write what happened in each run that is not clean to DIR/simulation-SEED.txt

troubles: ${TROUBLE_NAMES.join(', ')}
planted faults: ${PLANTED_FAULTS.map(({ name }) => name).join(', ')}
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    fault: { type: 'string' },
    trouble: { type: 'string' },
    save: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function seedsOf(): { from: number; to: number } {
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? `${values.seed}..${values.seed}`);
  if (range === null) throw new Error('give --seed N or --seeds FROM..TO; see --help');
  return { from: Number(range[1]), to: Number(range[2]) };
}

function report(result: SimulationResult): string[] {
  return [
    formatVerdict(result.verdict, result.seed),
    ...result.complaints.map((complaint) => `  complaint: ${complaint}`),
    '  schedule:',
    ...result.schedule.map((line) => `    ${line}`),
    `  ${result.events} events in ${Math.round(result.lastedMs)} simulated ms; hash ${result.hash}`,
  ];
}

function show(result: SimulationResult): void {
  for (const line of [...report(result), ...result.trace]) say(line);
}

interface Campaign {
  readonly first: SimulationResult | undefined;
  readonly runs: number;
  readonly failed: number;
}

async function campaign(options: Omit<SimulationOptions, 'seed'>, keepGoing: boolean): Promise<Campaign> {
  const { from, to } = seedsOf();
  let first: SimulationResult | undefined;
  let runs = 0;
  let failed = 0;
  for (let seed = from; seed <= to; seed += 1) {
    const result = await simulate({ ...options, seed });
    runs += 1;
    // A fault counts as found only by a seed that is clean without it.
    if (
      result.clean ||
      (options.planted && !(await simulate({ ...options, seed, planted: undefined })).clean)
    )
      continue;
    failed += 1;
    first ??= result;
    if (values.save !== undefined) await save(values.save, await simulate({ ...options, seed, trace: true }));
    if (!keepGoing) break;
    say(`seed ${seed}: ${describe(result)}`);
  }
  return { first, runs, failed };
}

async function save(folder: string, result: SimulationResult): Promise<void> {
  const path = join(folder, `simulation-${result.seed}.txt`);
  await writeFile(path, [...report(result), ...result.trace, ''].join('\n'));
}

async function findPlanted(name: string, troubles: ReadonlySet<string> | undefined): Promise<number> {
  const faults = PLANTED_FAULTS.filter((fault) => name === 'all' || name === fault.name);
  if (faults.length === 0) throw new Error(`there is no planted fault "${name}"; see --help`);
  let missed = 0;
  for (const planted of faults) {
    const { first, runs } = await campaign({ planted, troubles, trace: values.trace }, false);
    if (first === undefined) missed += 1;
    const outcome =
      first === undefined
        ? `NOT FOUND in ${runs} seeds`
        : `found by seed ${first.seed} (run ${runs}): ${describe(first)}`;
    say(`${planted.name.padEnd(32)} ${outcome}`);
    if (first !== undefined && faults.length === 1) show(first);
  }
  return missed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const troubles = values.trouble === undefined ? undefined : new Set(values.trouble.split(','));
  if (values.fault !== undefined) return findPlanted(values.fault, troubles);
  if (values.seed !== undefined) {
    const result = await simulate({ seed: Number(values.seed), troubles, trace: values.trace });
    show(result);
    return result.clean ? 0 : 1;
  }
  const began = performance.now();
  const { first, runs, failed } = await campaign({ troubles }, values['keep-going']);
  if (first !== undefined) show(first);
  const minutes = (performance.now() - began) / 60_000;
  say(`${runs} seeds, ${failed} not clean, ${Math.round(runs / minutes)} seeds per minute`);
  return failed === 0 ? 0 : 1;
}

function describe({ verdict, complaints }: SimulationResult): string {
  const broken = Object.entries(verdict.broken).map(([kind, count]) => `${kind} ${count}`);
  return [...broken, ...complaints.slice(0, 1)].join(', ');
}

process.exitCode = await main();
