import { ManualClock } from '@chatplatform/runtime';
import { Silence } from './silence.ts';

function setUp() {
  const clock = new ManualClock();
  let alive = false;
  let pings = 0;
  const changes: boolean[] = [];
  const silence: Silence = new Silence({
    clock,
    ping: () => {
      pings += 1;
      return alive ? Promise.resolve('PONG') : Promise.reject(new Error('Command timed out'));
    },
    onChange: () => changes.push(silence.silent),
  });
  return { clock, silence, changes, pings: () => pings, revive: () => (alive = true) };
}

test('one slow command among answered ones is no silence', async () => {
  const { clock, silence, changes } = setUp();
  const sentAt = clock.monotonic();
  await clock.advance(2_000);
  silence.answered();
  await clock.advance(1_000);
  silence.unanswered(sentAt);
  expect(changes).toEqual([]);
});

test('no answer at all since a command was sent is silence, until the server answers a question', async () => {
  const { clock, silence, changes, pings, revive } = setUp();
  silence.answered();
  await clock.advance(10);
  const sentAt = clock.monotonic();
  await clock.advance(3_000);
  silence.unanswered(sentAt);
  silence.unanswered(sentAt);
  expect(changes).toEqual([true]);
  await clock.advance(3_000);
  expect(pings()).toBe(3);
  revive();
  await clock.advance(1_000);
  expect(changes).toEqual([true, false]);
  await clock.advance(10_000);
  expect(pings()).toBe(4);
  expect(clock.pendingTimers).toBe(0);
});

test('stopped, it asks no more', async () => {
  const { clock, silence, pings } = setUp();
  silence.unanswered(clock.monotonic());
  silence.stop();
  await clock.advance(10_000);
  expect(pings()).toBe(0);
});
