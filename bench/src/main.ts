import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKED_SCENARIOS, compare } from './report/check.ts';
import { writeOverview } from './report/overview.ts';
import { readResult, resultOf, writeResult, type Result } from './report/results.ts';
import { isClean } from './report/summary.ts';
import { fanOut } from './scenarios/fan-out.ts';
import { idle } from './scenarios/idle.ts';
import { latency } from './scenarios/latency.ts';
import { drain, storm } from './scenarios/moving.ts';
import { rooms } from './scenarios/rooms.ts';
import { saturation } from './scenarios/saturation.ts';
import type { Bench, Scenario } from './scenarios/scenario.ts';
import { worker } from './scenarios/worker.ts';
import { allTargets } from './targets/all.ts';
import { chatPlatform } from './targets/chat-platform.ts';
import { ROOT } from './targets/program.ts';

const SCENARIOS: readonly Scenario[] = [idle, fanOut, saturation, rooms, latency, worker, drain, storm];
const RESULTS = join(ROOT, 'bench/results');
const KEY_BYTES = 32;

const USAGE = `usage: tools/bench [--scenario NAME[,NAME...]] [--rounds N] [--scale X] [--results DIR] [--check] [--overview]

Measures ChatPlatform and its peers side by side on this machine, which should do nothing else.
--scenario NAME   one or several of ${SCENARIOS.map(({ name }) => name).join(', ')}; all when left out
--rounds N        interleaved rounds, 3 when left out
--scale X         share of the load, 1 when left out; less is for seeing that it works: nothing is written then
                  unless --results names a folder
--results DIR     where the reports go, bench/results when left out
--overview        only writes the page of all goals (README.md) anew, from the reports and causes.md in --results
--check           runs ${CHECKED_SCENARIOS.join(' and ')}, compares with the reports in --results, writes nothing
`;

const { values: flags } = parseArgs({
  options: {
    scenario: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    results: { type: 'string' },
    check: { type: 'boolean', default: false },
    overview: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

process.exitCode = flags.help ? help() : flags.overview ? await writeGoals() : await run();
// Clients of the stores may still hold sockets.
process.exit();

function help(): number {
  print(USAGE.trimEnd());
  return 0;
}

async function writeGoals(): Promise<number> {
  const folder = flags.results ?? RESULTS;
  await writeOverview(folder);
  print(`${join(folder, 'README.md')} is written`);
  return 0;
}

async function run(): Promise<number> {
  const chosen = chosenScenarios();
  if (chosen === undefined || !areNumbers()) return 64;
  const bench = await prepare();
  let failed = 0;
  try {
    for (const scenario of chosen) failed += await one(scenario, bench);
  } finally {
    await bench.close();
  }
  if (writes(bench)) await writeGoals();
  return failed === 0 ? 0 : 1;
}

function writes({ scale }: Bench): boolean {
  return !flags.check && (flags.results !== undefined || scale === 1);
}

function chosenScenarios(): readonly Scenario[] | undefined {
  const wanted = flags.scenario?.split(',') ?? (flags.check ? CHECKED_SCENARIOS : undefined);
  if (wanted === undefined) return SCENARIOS;
  const unknown = wanted.filter((name) => SCENARIOS.every((scenario) => scenario.name !== name));
  if (unknown.length === 0) return SCENARIOS.filter(({ name }) => wanted.includes(name));
  process.stderr.write(`there is no scenario "${unknown.join(', ')}"; see --help\n`);
  return undefined;
}

function areNumbers(): boolean {
  const rounds = Number(flags.rounds);
  const scale = Number(flags.scale);
  if (Number.isInteger(rounds) && rounds >= 1 && scale > 0 && scale <= 1) return true;
  process.stderr.write(
    `--rounds ${flags.rounds} --scale ${flags.scale}: give a whole number from 1, and a share above 0 up to 1\n`,
  );
  return false;
}

type Prepared = Bench & { close(): Promise<void> };

async function prepare(): Promise<Prepared> {
  const folder = await mkdtemp(join(tmpdir(), 'chatplatform-bench-'));
  const key = randomBytes(KEY_BYTES).toString('hex');
  print('starting Kafka and Redis');
  const platform = await chatPlatform({ key, folder });
  const targets = await allTargets({ key, folder }, platform, flags.check ? 'limit' : 'peers');
  return {
    ...targets,
    platform,
    key,
    rounds: Number(flags.rounds),
    scale: Number(flags.scale),
    note: print,
    close: async () => {
      await platform.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** @returns 1 when it was not clean or has become worse */
async function one(scenario: Scenario, bench: Bench): Promise<number> {
  print(`${scenario.name}: ${scenario.about}`);
  const began = performance.now();
  const samples = await scenario.run(bench);
  print(`  took ${Math.round((performance.now() - began) / 1000)} s`);
  const result = resultOf(scenario, samples, {
    command: commandOf(scenario),
    rounds: bench.rounds,
    versions: {
      Node: process.version,
      ...Object.fromEntries([...bench.targets, ...bench.durable].map(({ name, version }) => [name, version])),
    },
  });
  if (flags.check) return checked(result);
  if (writes(bench)) await writeResult(flags.results ?? RESULTS, result);
  const own = samples.filter(({ target }) => target.startsWith(bench.platform.name));
  if (isClean(own)) return 0;
  print('  FAILED: ChatPlatform was not clean');
  return 1;
}

async function checked(result: Result): Promise<number> {
  const before = await readResult(flags.results ?? RESULTS, result.scenario);
  if (before === undefined) {
    print(`  FAILED: there is no report of ${result.scenario} to compare with; run make bench first`);
    return 1;
  }
  const comparisons = compare(before, result);
  for (const { name, before: was, now, regressed } of comparisons)
    print(`  ${regressed ? 'FAILED' : 'ok    '} ${name}: ${now.toPrecision(3)}, was ${was.toPrecision(3)}`);
  return comparisons.some(({ regressed }) => regressed) ? 1 : 0;
}

function commandOf({ name }: Scenario): string {
  const scale = flags.scale === '1' ? '' : ` --scale ${flags.scale}`;
  return `tools/bench --scenario ${name} --rounds ${flags.rounds}${scale}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
