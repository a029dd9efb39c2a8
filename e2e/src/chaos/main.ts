import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { FAULTS } from './faults/index.ts';
import { readOutcomes } from './results.ts';

const USAGE = `chaos [--fault NAME,NAME] [--seeds N | FROM..TO] [--clients N] [--again]

Makes each fault happen to a platform of processes under traffic and lets the checker judge. The seeds of a fault are
rounds on one platform. What has been run with the same fault, seed and number of clients and was clean is not run
again, so a campaign that was cut off goes on.
Results: e2e/results/chaos.jsonl and docs/chaos.md. Exit code 0: all clean.

  --fault NAMES   only these; default all
  --seeds RANGE   default 1..1
  --clients N     clients that talk; default 1000
  --again         run also what was clean before

faults:
${FAULTS.map(({ name, title }) => `  ${name.padEnd(28)}${title}`).join('\n')}
`;

const { values } = parseArgs({
  options: {
    fault: { type: 'string', default: '' },
    seeds: { type: 'string', default: '1..1' },
    clients: { type: 'string', default: '1000' },
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

function say(text: string): void {
  process.stderr.write(`  ${text}\n`);
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
  const clients = Number(values.clients);
  if (!Number.isInteger(clients) || clients < 2)
    throw new Error(`--clients "${values.clients}" is too few; write a number from 2`);
  const done = await readOutcomes();
  const isDone = (fault: string, seed: number): boolean =>
    !values.again &&
    done.some((run) => run.clean && run.fault === fault && run.seed === seed && run.clients === clients);
  const signal = abortOnSignal();
  const tell = (text: string): void => void process.stdout.write(`${text}\n`);
  const bad: string[] = [];
  let runs = 0;
  for (const fault of chosenFaults(values.fault)) {
    const seeds = seedsOf(values.seeds).filter((seed) => !isDone(fault.name, seed));
    const failed = await runCampaign({ fault, seeds, clients, say, tell, signal });
    if (signal.aborted) return CUT_OFF;
    runs += seeds.length;
    bad.push(...failed.map((seed) => `FAULT=${fault.name} SEEDS=${seed} CLIENTS=${clients}`));
  }
  tell(`${runs} rounds, ${bad.length} not clean`);
  for (const which of bad) tell(`  make chaos ${which} repeats it`);
  return bad.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`);
  return WRONG_USE;
});
