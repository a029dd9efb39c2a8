import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { RoomRate } from './room-rate.ts';

/** Somebody who always has something to say: asks, waits as told, says it. */
function speaker(clock: ManualClock, rate: RoomRate, user: string, said: string[]) {
  const next = (): void => {
    const waitMs = rate.waitMs(user);
    if (waitMs > 0) {
      clock.setTimeout(next, waitMs);
      return;
    }
    rate.take(user);
    said.push(user);
    clock.setTimeout(next, 0);
  };
  return next;
}

const count = (said: readonly string[], user: string): number => said.filter((who) => who === user).length;

test('nobody waits below the rate, and a burst of a second is taken at once', () => {
  const rate = new RoomRate(new ManualClock(), 5);
  for (let n = 0; n < 5; n += 1) {
    expect(rate.waitMs('ann')).toBe(0);
    rate.take('ann');
  }
  expect(rate.waitMs('ann')).toBe(200);
});

test('everybody who waits gets the same share, however many connections ask', async () => {
  const clock = new ManualClock();
  const rate = new RoomRate(clock, 10);
  const said: string[] = [];
  // One user with five connections, and three with one each.
  for (let n = 0; n < 5; n += 1) speaker(clock, rate, 'greedy', said)();
  for (const user of ['ann', 'bob', 'cyd']) speaker(clock, rate, user, said)();
  await clock.advance(20_000);
  expect(said.length).toBeGreaterThan(200);
  expect(said.length).toBeLessThanOrEqual(210);
  const after = said.slice(20);
  for (const user of ['greedy', 'ann', 'bob', 'cyd']) {
    expect(Math.abs(count(after, user) - after.length / 4)).toBeLessThanOrEqual(3);
  }
});

test('who comes last waits for those in front, and then speaks', async () => {
  const clock = new ManualClock();
  const rate = new RoomRate(clock, 2);
  const said: string[] = [];
  for (const user of ['a', 'b', 'c', 'd']) speaker(clock, rate, user, said)();
  await clock.advance(3000);
  said.length = 0;
  speaker(clock, rate, 'late', said)();
  await clock.advance(3500);
  expect(said).toContain('late');
});

test('who went away keeps nobody waiting for long', async () => {
  const clock = new ManualClock();
  const rate = new RoomRate(clock, 1);
  rate.take('x');
  for (const user of ['gone-1', 'gone-2', 'gone-3']) rate.waitMs(user);
  expect(rate.full).toBe(false);
  await clock.advance(5000);
  expect(rate.waitMs('ann')).toBe(0);
  rate.take('ann');
  await clock.advance(1000);
  expect(rate.full).toBe(true);
});

test('a request that cannot wait goes behind those who do', async () => {
  const clock = new ManualClock();
  const rate = new RoomRate(clock, 2);
  rate.take('x');
  rate.take('x');
  rate.waitMs('ann');
  await clock.advance(500);
  expect(rate.waitMsBehindAll()).toBe(500);
  expect(rate.waitMs('ann')).toBe(0);
});

test('whatever happens, never more than the rate plus one burst', async () => {
  const random = seededRandom(7);
  for (let round = 0; round < 50; round += 1) {
    const clock = new ManualClock();
    const perSecond = 1 + Math.floor(random.next() * 20);
    const rate = new RoomRate(clock, perSecond);
    const said: string[] = [];
    const speakers = 1 + Math.floor(random.next() * 12);
    for (let n = 0; n < speakers; n += 1) speaker(clock, rate, `u${n % 7}`, said)();
    for (let n = 0; n < 3; n += 1) rate.waitMs(`absent-${n}`);
    await clock.advance(5000);
    expect(said.length).toBeLessThanOrEqual(perSecond * 6);
    // Places of the absent cost some tokens at first, no more.
    expect(said.length).toBeGreaterThanOrEqual(perSecond * 4);
  }
});
