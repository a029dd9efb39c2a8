import { parseArgs } from 'node:util';
import { FAULTS } from './faults/index.ts';
import { keepOutcome, readOutcomes, whatIsWrong, type Outcome } from './results.ts';
import { runFault } from './run-fault.ts';

const USAGE = `chaos [--fault NAME,NAME] [--seeds N | FROM..TO] [--clients N] [--again]

Makes each fault happen to a platform of processes under traffic and lets the checker judge. What has been run with
the same fault, seed and number of clients and was clean is not run again, so a campaign that was cut off goes on.
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
  const bad: Outcome[] = [];
  let runs = 0;
  // Seed by seed, not fault by fault: a campaign that is cut off has seen every fault.
  for (const seed of seedsOf(values.seeds)) {
    for (const fault of chosenFaults(values.fault)) {
      if (isDone(fault.name, seed)) continue;
      process.stdout.write(`${fault.name}, seed ${seed}, ${clients} clients\n`);
      const began = performance.now();
      const outcome = await runFault(fault, seed, clients, say);
      await keepOutcome(outcome);
      runs += 1;
      if (!outcome.clean) bad.push(outcome);
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      process.stdout.write(
        `  ${outcome.clean ? 'clean' : `NOT CLEAN: ${whatIsWrong(outcome)}`}, ${seconds} s\n`,
      );
    }
  }
  process.stdout.write(`${runs} runs, ${bad.length} not clean\n`);
  for (const { fault, seed } of bad)
    process.stdout.write(`  make chaos FAULT=${fault} SEEDS=${seed} CLIENTS=${clients} repeats it\n`);
  return bad.length === 0 ? 0 : 1;
}

process.exitCode = await main();
