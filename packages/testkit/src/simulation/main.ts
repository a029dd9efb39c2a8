import { parseArgs } from 'node:util';
import { formatVerdict } from '../checker/index.ts';
import { PLANTED_FAULTS } from './planted/planted-faults.ts';
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';
import { TROUBLE_NAMES } from './trouble.ts';

const USAGE = `simulate --seed N | --seeds FROM..TO [--fault NAME] [--trouble NAME,NAME] [--trace]

Runs the real gateway, worker and SDK on simulated time, network, Kafka and Redis, and lets the checker judge.
Exit code 0: all clean (with --fault: found). A seed always gives the same run.

  --seed N          one seed, with its schedule; with --trace everything that happened
  --seeds FROM..TO  many seeds; stops at the first that is not clean
  --keep-going      do not stop there
  --fault NAME      with a mistake planted, to see whether it is found; "all" for every one
  --trouble NAMES   only these troubles happen

troubles: ${TROUBLE_NAMES.join(', ')}
planted faults: ${PLANTED_FAULTS.map(({ name }) => name).join(', ')}
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    fault: { type: 'string' },
    trouble: { type: 'string' },
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

function show(result: SimulationResult): void {
  say(formatVerdict(result.verdict, result.seed));
  for (const complaint of result.complaints) say(`  complaint: ${complaint}`);
  say(`  schedule:`);
  for (const line of result.schedule) say(`    ${line}`);
  say(`  ${result.events} events in ${Math.round(result.lastedMs)} simulated ms; hash ${result.hash}`);
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
    if (result.clean) continue;
    failed += 1;
    first ??= result;
    if (!keepGoing) break;
    const what = [...Object.keys(result.verdict.broken), ...result.complaints.slice(0, 2)].join('; ');
    say(`seed ${seed}: ${what}`);
  }
  return { first, runs, failed };
}

async function main(): Promise<number> {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const troubles = values.trouble === undefined ? undefined : new Set(values.trouble.split(','));
  const began = performance.now();
  if (values.fault !== undefined) {
    const faults = PLANTED_FAULTS.filter(({ name }) => values.fault === 'all' || values.fault === name);
    if (faults.length === 0) throw new Error(`there is no planted fault "${values.fault}"; see --help`);
    let missed = 0;
    for (const planted of faults) {
      const { first, runs } = await campaign({ planted, troubles, trace: values.trace }, false);
      if (first === undefined) missed += 1;
      const found =
        first === undefined ? `NOT FOUND in ${runs} seeds` : `found by seed ${first.seed} (run ${runs})`;
      say(`${planted.name.padEnd(32)} ${found}${first === undefined ? '' : `: ${describe(first)}`}`);
      if (first !== undefined && faults.length === 1) show(first);
      if (first !== undefined && values.trace) for (const line of first.trace) say(line);
    }
    return missed === 0 ? 0 : 1;
  }
  const { first, runs, failed } = await campaign({ troubles, trace: values.trace }, values['keep-going']);
  const seconds = (performance.now() - began) / 1000;
  if (first !== undefined) show(first);
  else if (values.seed !== undefined) show(await simulate({ seed: Number(values.seed), troubles }));
  if (first !== undefined && values.trace) for (const line of first.trace) say(line);
  say(`${runs} seeds, ${failed} not clean, ${Math.round((runs / seconds) * 60)} seeds per minute`);
  return failed === 0 ? 0 : 1;
}

function describe({ verdict, complaints }: SimulationResult): string {
  const broken = Object.entries(verdict.broken).map(([kind, count]) => `${kind} ${count}`);
  return [...broken, ...complaints.slice(0, 1)].join(', ');
}

process.exitCode = await main();
