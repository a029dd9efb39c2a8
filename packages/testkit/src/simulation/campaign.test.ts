import { campaign } from './campaign.ts';
import type { Crew } from './crew.ts';
import type { Batch } from './findings.ts';
import { shrink } from './shrink.ts';
import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';

/** Two that work at a time, and find something wrong with every seed of `bad`. */
function crew(bad: readonly number[]): Crew & { readonly batches: Batch[] } {
  const batches: Batch[] = [];
  const run: Crew['run'] = (batch) => {
    batches.push(batch);
    const unclean = bad.filter((seed) => seed >= batch.from && seed <= batch.to);
    const found = unclean.map((seed) => ({ seed, what: 'lost 1' }));
    return Promise.resolve({ runs: batch.to - batch.from + 1, unclean: found, residentMb: batches.length });
  };
  return { size: 2, run, close: () => undefined, batches };
}

test('every seed is run once, whoever runs it', async () => {
  const two = crew([7, 130]);
  const said: number[] = [];
  const ran: number[] = [];
  const outcome = await campaign(
    two,
    { from: 1, to: 130, stop: false },
    {
      onFound: ({ seed }) => said.push(seed),
      onRan: (runs) => ran.push(runs),
    },
  );
  const seeds = two.batches.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  );
  expect(seeds.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 130 }, (_, at) => at + 1));
  expect(outcome.runs).toBe(130);
  expect(ran).toEqual([50, 100, 130]);
  expect(outcome.unclean.map(({ seed }) => seed)).toEqual([7, 130]);
  expect(said.toSorted((a, b) => a - b)).toEqual([7, 130]);
  expect(outcome.residentMb.last).toBeGreaterThan(outcome.residentMb.first);
});

test('a campaign that stops begins nothing after the first find, and names the lowest seed', async () => {
  const two = crew([60, 7]);
  const outcome = await campaign(two, { from: 1, to: 5_000, stop: true });
  expect(outcome.unclean.map(({ seed }) => seed)).toEqual([7]);
  expect(two.batches.length).toBe(2);
});

test('a run that is not clean is shrunk to the troubles it needs', async () => {
  const places = [1, 2, 3, 4, 5];
  const needed = [2, 5];
  const tried: string[] = [];
  const run = async (options: SimulationOptions): Promise<SimulationResult> => {
    const kept = places.filter((place) => options.without?.has(place) !== true);
    tried.push(kept.join());
    const clean = !needed.every((place) => kept.includes(place));
    return { ...(await broken), clean, schedule: kept.map(String) };
  };
  const broken = simulate({ seed: 7, maxEvents: 300 });
  const whole = await run({ seed: 7 });
  const { result, without, runs } = await shrink({ seed: 7 }, whole, run);
  expect(result.schedule).toEqual(['2', '5']);
  expect([...without].sort()).toEqual([1, 3, 4]);
  expect(runs).toBe(tried.length - 1);
  expect(runs).toBeLessThan(12);
});

test('a run with a trouble left out replays, and has one less', async () => {
  const whole = await simulate({ seed: 7 });
  const without = new Set([1]);
  const first = await simulate({ seed: 7, without });
  const again = await simulate({ seed: 7, without });
  expect(whole.schedule.length).toBeGreaterThan(0);
  expect(first.schedule.length).toBe(whole.schedule.length - 1);
  expect(again.hash).toBe(first.hash);
}, 30_000);
