import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { FAULTS } from './faults/index.ts';
import type { Fault } from './fault.ts';
import { readOutcomes } from './results.ts';

const USAGE = `chaos [--fault NAME,NAME] [--seeds N | FROM..TO] [--clients N] [--lanes N] [--again]

Makes each fault happen to a platform of processes under traffic and lets the checker judge. The seeds of a fault are
rounds on one platform. What has been run with the same fault, seed and number of clients and was clean is not run
again, so a campaign that was cut off goes on.
Results: e2e/results/chaos.jsonl and docs/chaos.md. Exit code 0: all clean.

  --fault NAMES   only these; default all
  --seeds RANGE   default 1..1
  --clients N     clients that talk; default 1000
  --lanes N       so many faults at a time, each on a platform of its own; default 1. Those with ten times as many
                  clients always run alone
  --again         run also what was clean before

faults:
${FAULTS.map(({ name, title }) => `  ${name.padEnd(28)}${title}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    fault: { type: 'string', default: '' },
    seeds: { type: 'string', default: '1..1' },
    clients: { type: 'string', default: '1000' },
    lanes: { type: 'string', default: '1' },
    again: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

function seedsOf(range: string): number[] {
  const [, from, to = from] = /^(\d+)(?:\.\.(\d+))?$/.exec(range) ?? [];
  if (from === undefined || Number(to) < Number(from))
    throw new Error(`--seeds "${range}" is no range; write one seed, or FROM..TO`);
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at);
}

function chosenFaults(names: string): typeof FAULTS {
  if (names === '') return FAULTS;
  return names.split(',').map((name) => {
    const fault = FAULTS.find((each) => each.name === name);
    if (fault === undefined) throw new Error(`there is no fault "${name}"; --help lists them`);
    return fault;
  });
}

function numberFrom(option: 'clients' | 'lanes', least: number): number {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${option} "${values[option]}" is too few; write a number from ${least}`);
  return number;
}

/** Words about a round; with several at a time they say which. */
function saying(fault: Fault, lanes: number): (text: string) => void {
  const who = lanes > 1 ? `${fault.name}: ` : '';
  return (text) => void process.stderr.write(`  ${who}${text}\n`);
}

/** Runs all of them, so many at a time, each as soon as there is room. */
async function inLanes(
  lanes: number,
  faults: readonly Fault[],
  run: (fault: Fault) => Promise<void>,
): Promise<void> {
  const waiting = [...faults];
  const lane = async (): Promise<void> => {
    for (let fault = waiting.shift(); fault !== undefined; fault = waiting.shift()) await run(fault);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Exit codes as shells have them: interrupted, and called in a way that is not known. */
const CUT_OFF = 130;
const WRONG_USE = 64;

/** Aborted when somebody wants this to end; a second signal ends it at once. */
function abortOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`cut off by ${name}`)));
  return stop.signal;
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const clients = numberFrom('clients', 2);
  const lanes = numberFrom('lanes', 1);
  const done = readOutcomes();
  const isDone = (fault: string, seed: number): boolean =>
    !values.again &&
    done.some((run) => run.clean && run.fault === fault && run.seed === seed && run.clients === clients);
  const signal = abortOnSignal();
  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const bad: string[] = [];
  let runs = 0;
  const run = async (fault: Fault): Promise<void> => {
    const seeds = seedsOf(values.seeds).filter((seed) => !isDone(fault.name, seed));
    const failed = await runCampaign({ fault, seeds, clients, say: saying(fault, lanes), tell, signal });
    runs += seeds.length;
    bad.push(...failed.map((seed) => `FAULT=${fault.name} SEEDS=${seed} CLIENTS=${clients}`));
  };
  const faults = chosenFaults(values.fault);
  const alone = (fault: Fault): boolean => fault.idlePerClient !== undefined;
  await inLanes(
    lanes,
    faults.filter((fault) => !alone(fault)),
    run,
  );
  await inLanes(1, faults.filter(alone), run);
  if (signal.aborted) return CUT_OFF;
  tell(`${runs} rounds, ${bad.length} not clean`);
  for (const which of bad) tell(`  make chaos ${which} repeats it`);
  return bad.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  return WRONG_USE;
});
