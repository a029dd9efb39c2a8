import { Limits } from '@chatplatform/protocol';
import { SenderNumbers } from './sender-numbers.ts';

const DAY_MS = Limits.resendWindowMs;

test('a number that does not rise is a copy, by room and sender', () => {
  const numbers = new SenderNumbers();
  const isCopy = (room: string, inst: string, n: number): boolean => numbers.isCopy({ room, inst, n, ts: 0 });
  expect([isCopy('r', 'a', 1), isCopy('r', 'a', 3), isCopy('r', 'a', 2), isCopy('r', 'a', 3)]).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect([isCopy('r', 'b', 1), isCopy('q', 'a', 1)]).toEqual([false, false]);
});

test('what may still get a copy is known, whatever came since; what cannot is forgotten', () => {
  const numbers = new SenderNumbers();
  const isCopy = (n: number, ts: number): boolean => numbers.isCopy({ room: 'r', inst: 'a', n, ts });
  numbers.isCopy({ room: 'r', inst: 'other', n: 1, ts: 0 });
  expect(isCopy(5, DAY_MS)).toBe(false);
  numbers.isCopy({ room: 'r', inst: 'other', n: 2, ts: 1.5 * DAY_MS });
  expect(isCopy(5, 2 * DAY_MS)).toBe(true);
  numbers.isCopy({ room: 'r', inst: 'other', n: 3, ts: 4 * DAY_MS });
  numbers.isCopy({ room: 'r', inst: 'other', n: 4, ts: 6 * DAY_MS });
  expect(isCopy(5, 6 * DAY_MS)).toBe(false);
});
