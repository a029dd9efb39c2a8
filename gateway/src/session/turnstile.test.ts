import { ManualClock } from '@chatplatform/runtime';
import { Turnstile } from './turnstile.ts';

test('who comes alone passes at once; those behind go on together a moment later', async () => {
  const clock = new ManualClock();
  const turnstile = new Turnstile(clock);
  expect(turnstile.pass()).toBeUndefined();
  const passed: string[] = [];
  const wait = (name: string): void => {
    expect(turnstile.pass()?.then(() => passed.push(name))).toBeDefined();
  };
  wait('second');
  await clock.advance(3);
  wait('third');
  expect(passed).toEqual([]);
  await clock.advance(2);
  expect(passed).toEqual(['second', 'third']);
});

test('a crowd passes in groups, and it is open again when nobody comes any more', async () => {
  const clock = new ManualClock();
  const turnstile = new Turnstile(clock);
  expect(turnstile.pass()).toBeUndefined();
  const first = turnstile.pass();
  await clock.advance(5);
  await first;
  const second = turnstile.pass();
  expect(second).toBeDefined();
  expect(second).not.toBe(first);
  await clock.advance(5);
  await second;
  await clock.advance(5);
  expect(turnstile.pass()).toBeUndefined();
});
