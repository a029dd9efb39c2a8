import { GuestThrottle } from './guest-throttle.ts';

let now = 0;
const throttle = (proxies = 0) => new GuestThrottle({ proxies, now: () => now });

test('an address gets thirty at once, then one every two seconds; others are not touched by it', () => {
  const door = throttle();
  const first = Array.from({ length: 31 }, () => door.take('a', undefined));
  expect(first.filter((wait) => wait > 0)).toEqual([2]);
  expect(door.take('b', undefined)).toBe(0);
  now += 2000;
  expect([door.take('a', undefined), door.take('a', undefined)]).toEqual([0, 2]);
});

test('behind proxies the client is counted, whatever it claims', () => {
  const door = throttle(1);
  for (let n = 0; n < 30; n += 1) door.take('proxy', `10.0.0.${n}, 203.0.113.5`);
  expect(door.take('proxy', '10.9.9.9, 203.0.113.5')).toBeGreaterThan(0);
  expect(door.take('proxy', '203.0.113.6')).toBe(0);
});

test('without proxies nobody is believed', () => {
  const door = throttle();
  const waits = Array.from({ length: 31 }, (_, n) => door.take('a', `10.0.0.${n}`));
  expect(waits.at(-1)).toBeGreaterThan(0);
});

test('memory is bounded', () => {
  const door = throttle();
  for (let n = 0; n < 30; n += 1) door.take('first', undefined);
  expect(door.take('first', undefined)).toBeGreaterThan(0);
  for (let n = 0; n < 10_000; n += 1) door.take(`address-${n}`, undefined);
  expect(door.take('first', undefined)).toBe(0);
});
