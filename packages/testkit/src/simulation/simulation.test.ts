import { PLANTED_FAULTS } from './planted/planted-faults.ts';
import { simulate, type SimulationResult } from './simulation.ts';

// A small tier: `tools/simulate --seeds 1..2000` and more go on from here.
const SEEDS = 60;
/** Faults that show in nearly every run with a reconnect or a lost answer: the tier stays short. */
const QUICK = ['no-de-duplication', 'ack-before-kafka', 'commit-beyond-the-batch', 'id-of-the-second-copy'];
/** Many more than any of them has needed: which seed finds it moves with every change of the code. */
const QUICK_SEEDS = 300;

function story({ seed, schedule, complaints, verdict }: SimulationResult): string {
  return [`seed ${seed}`, ...complaints, ...verdict.excerpt, ...schedule].join('\n');
}

test('no trouble makes the platform lose, double or reorder a message, or leave a publish without an answer', async () => {
  const events: number[] = [];
  let acked = 0;
  let received = 0;
  const troubles = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const result = await simulate({ seed });
    expect(result.clean ? '' : story(result)).toBe('');
    events.push(result.events);
    acked += result.verdict.counts.acked;
    received += result.verdict.counts.received;
    for (const line of result.schedule) troubles.add(line.split(/ +ms +|:/)[1] ?? '');
  }
  // Clean verdicts mean something only when messages flowed and things went wrong meanwhile.
  expect(acked).toBeGreaterThan(SEEDS * 10);
  expect(received).toBeGreaterThan(acked);
  expect(troubles.size).toBeGreaterThan(12);
}, 120_000);

test('a seed gives the same run, and another seed another', async () => {
  const first = await simulate({ seed: 7 });
  const again = await simulate({ seed: 7, trace: true });
  const other = await simulate({ seed: 8 });
  expect(again.hash).toBe(first.hash);
  expect(again.events).toBe(first.events);
  expect(again.trace.length).toBeGreaterThan(100);
  expect(other.hash).not.toBe(first.hash);
});

test.each(QUICK)(
  'planted fault %s is found',
  async (name) => {
    const planted = PLANTED_FAULTS.find((fault) => fault.name === name);
    let found: number | undefined;
    for (let seed = 1; seed <= QUICK_SEEDS && found === undefined; seed += 1) {
      const { clean } = await simulate({ seed, planted });
      if (!clean) found = seed;
    }
    expect(planted).toBeDefined();
    expect(found).toBeDefined();
  },
  60_000,
);

test('every planted fault has a name of its own', () => {
  expect(new Set(PLANTED_FAULTS.map(({ name }) => name)).size).toBe(PLANTED_FAULTS.length);
  expect(PLANTED_FAULTS.length).toBeGreaterThanOrEqual(20);
});

test('a run that turns in circles ends, and says so', async () => {
  const { clean, complaints, events } = await simulate({ seed: 7, maxEvents: 300 });
  expect(clean).toBe(false);
  expect(complaints.join()).toContain('did not come to rest');
  expect(events).toBe(301);
});

test('real time and real randomness are out of reach inside', async () => {
  const before = { now: Date.now, random: Math.random, immediate: setImmediate };
  await simulate({ seed: 1 });
  expect({ now: Date.now, random: Math.random, immediate: setImmediate }).toEqual(before);
});
