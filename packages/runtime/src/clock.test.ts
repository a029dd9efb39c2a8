import { ManualClock, RuntimeError, systemClock } from './index.ts';

test('a manual clock runs timers in order of their due time, and those set while it moves', async () => {
  const clock = new ManualClock(1000);
  const seen: string[] = [];
  clock.setTimeout(() => seen.push(`b@${clock.now()}`), 20);
  clock.setTimeout(() => {
    seen.push(`a@${clock.now()}`);
    clock.setTimeout(() => seen.push(`c@${clock.now()}`), 5);
  }, 10);
  await clock.advance(30);
  expect(seen).toEqual(['a@1010', 'c@1015', 'b@1020']);
  expect(clock.now()).toBe(1030);
  expect(clock.pendingTimers).toBe(0);
});

test('code that awaits between two sleeps finishes inside one advance', async () => {
  const clock = new ManualClock();
  const work = (async () => {
    await clock.sleep(10);
    await Promise.resolve();
    await clock.sleep(10);
    return clock.monotonic();
  })();
  await clock.advance(25);
  await expect(work).resolves.toBe(20);
});

test('a cancelled timer never runs', async () => {
  const clock = new ManualClock();
  let ran = false;
  const timer = clock.setTimeout(() => (ran = true), 5);
  timer.cancel();
  timer.cancel();
  clock.tick(10);
  expect(ran).toBe(false);
});

test('an aborted sleep rejects at once and leaves no timer', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const sleep = clock.sleep(1000, abort.signal);
  abort.abort();
  await expect(sleep).rejects.toMatchObject({ code: 'aborted' });
  await expect(clock.sleep(1, abort.signal)).rejects.toBeInstanceOf(RuntimeError);
  expect(clock.pendingTimers).toBe(0);
});

test('the system clock sleeps for about as long as asked', async () => {
  const before = systemClock.monotonic();
  await systemClock.sleep(15);
  expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(14);
});
