import { ManualClock } from '@chatplatform/runtime';
import type { InRecord } from '@chatplatform/kafka';
import { Pace } from './pace.ts';

const PER_SECOND = 2000;
const ALL = Array.from({ length: PER_SECOND }, (_, offset) => ({ offset }) as InRecord);

/** Milliseconds that a batch which took `tookMs` holds up the next reading, of a worker that is that busy and that far behind. */
async function restAfter(tookMs: number, share: number, behind = 0): Promise<number> {
  const clock = new ManualClock();
  const pace = new Pace(clock, () => share);
  await pace.rest(clock.monotonic(), { records: [], highWatermark: 0 });
  await clock.advance(1000 - tookMs);
  const since = clock.monotonic();
  await clock.advance(tookMs);
  const batch = { records: ALL, highWatermark: PER_SECOND + behind };
  const rested = pace.rest(since, batch).then(() => clock.monotonic() - since - tookMs);
  for (let ms = 0; ms < 50; ms += 1) await clock.advance(1);
  return rested;
}

test.each([
  ['an idle worker reads on at once', 1, 0.2, 0],
  ['a busy one lets the rest of the window pass', 5, 0.5, 15],
  ['the window grows with the load', 0, 0.35, 10],
  ['what took longer than the window is not held up any more', 30, 1, 0],
])('%s', async (_, tookMs, share, rest) => {
  expect(await restAfter(tookMs, share)).toBe(rest);
});

test('who is behind the log reads on at once', async () => {
  expect(await restAfter(0, 1, 1)).toBe(0);
});
