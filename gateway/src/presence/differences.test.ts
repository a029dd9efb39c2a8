import { ManualClock } from '@chatplatform/runtime';
import { Differences } from './differences.ts';

test('a gateway that ended tells nothing more, and no timer of it is left', async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const differences = new Differences(clock, (room) => told.push(room));
  differences.note('told', 'ann', { here: true, occ: 1 });
  await clock.advance(1_000);
  differences.note('untold', 'ann', { here: true, occ: 1 });
  differences.stop();
  expect(clock.pendingTimers).toBe(0);
  await clock.advance(1_000);
  expect(told).toEqual(['told']);
});
