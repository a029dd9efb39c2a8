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

test('the number is that of the moment it is told: what another gateway saw meanwhile is in it', async () => {
  const clock = new ManualClock();
  const told: unknown[] = [];
  let users = 3;
  const differences = new Differences(clock, (_, frame) => told.push(JSON.parse(frame)), {
    recount: () => Promise.resolve(users),
  });
  differences.note('r', 'ann', { here: false, occ: 2 });
  users = 1;
  await clock.advance(1_000);
  expect(told).toEqual([{ pr: { r: 'r', leave: ['ann'], occ: 1 } }]);
});

test('while nobody can be asked the number is the last that was seen', async () => {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const differences = new Differences(clock, (_, frame) => told.push(JSON.parse(frame)), {
    recount: () => Promise.reject(new Error('Redis is away')),
  });
  differences.note('r', 'ann', { here: true, occ: 2 });
  await clock.advance(1_000);
  expect(told).toEqual([{ pr: { r: 'r', join: ['ann'], occ: 2 } }]);
});
