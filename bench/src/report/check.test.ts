import { compare } from './check.ts';
import type { Result } from './results.ts';

function fanOut(own: number, limit: number): Result {
  const row = (target: string, value: number) => ({
    target,
    values: { 'edge CPU s per million': value },
    verdicts: ['clean'],
  });
  return {
    scenario: 'fan-out',
    about: '',
    command: '',
    date: '',
    machine: '',
    versions: {},
    rounds: 1,
    samples: [],
    summary: ['single', 'bursts of 8'].flatMap((kind) => [
      row(`ChatPlatform, ${kind}`, own),
      row(`raw uWS, ${kind}`, limit),
    ]),
  };
}

const regressed = (before: Result, now: Result): boolean[] =>
  compare(before, now).map((comparison) => comparison.regressed);

describe('a check against the committed result', () => {
  test('fails above 15 %, and not for a machine that is slower in all', () => {
    expect(regressed(fanOut(10, 10), fanOut(11.4, 10))).toEqual([false, false]);
    expect(regressed(fanOut(10, 10), fanOut(11.6, 10))).toEqual([true, true]);
    expect(regressed(fanOut(10, 10), fanOut(30, 30))).toEqual([false, false]);
  });

  test('a number that is missing is a fault, not a pass', () => {
    const without: Result = { ...fanOut(10, 10), summary: [] };
    expect(regressed(fanOut(10, 10), without)).toEqual([true, true]);
    expect(regressed(without, fanOut(10, 10))).toEqual([true, true]);
  });
});
