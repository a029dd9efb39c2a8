import { judgeSamples } from './verdict.ts';
import type { Sample } from './sample.ts';

const MB = 2 ** 20;
const flat: Sample = { minutes: 0, rss: 100 * MB, heap: 40 * MB, files: 30, resources: 12, lagMs: 3 };

/** Thirty minutes of a program, a sample each. */
function course(change: (minute: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 31 }, (_, minutes) => ({ ...flat, minutes, ...change(minutes) }));
}

test('memory that goes up and down around one level is flat', () => {
  const samples = course((minute) => ({ rss: (100 + (minute % 2) * 8) * MB }));
  expect(judgeSamples('gateway-1', samples, false)).toMatchObject({ faults: [], minutes: 20, samples: 21 });
});

test('what a program needs to warm up does not count', () => {
  const samples = course((minute) => ({
    rss: Math.min(60 + minute * 10, 120) * MB,
    files: minute < 5 ? 3 : 30,
  }));
  expect(judgeSamples('gateway-1', samples, false).faults).toEqual([]);
});

test('memory that rises by more than a tenth is a leak, with its slope', () => {
  const verdict = judgeSamples(
    'worker-1',
    course((minute) => ({ rss: (100 + minute) * MB })),
    false,
  );
  expect(verdict.faults).toEqual([expect.stringMatching(/^RSS rose by 1\d %$/)]);
  expect(verdict.rssSlope).toBeCloseTo(MB);
});

test('sockets, handles and listeners that stay are leaks', () => {
  const samples = course((minute) => ({ files: 30 + minute, resources: 10 + 2 * minute }));
  expect(judgeSamples('gateway-1', samples, true).faults).toEqual([
    '20 more files and sockets are open',
    '40 more handles keep the loop going',
    'Node warned of listeners that pile up',
  ]);
});

test('timers that come and go are no leak, whichever sample is the last', () => {
  const samples = course((minute) => ({ resources: 95 + (minute % 2) * 14 }));
  expect(judgeSamples('gateway-1', samples.slice(0, -1), false).faults).toEqual([]);
  expect(judgeSamples('gateway-1', samples, false).faults).toEqual([]);
});
