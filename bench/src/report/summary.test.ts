import { isClean, summaryOf } from './summary.ts';

const sample = (target: string, round: number, cpu: number, verdict = 'clean') => ({
  target,
  round,
  values: { cpu },
  verdict,
});

test('a summary has the medians and every verdict of a target', () => {
  const samples = [
    sample('a', 1, 9),
    sample('b', 1, 1),
    sample('a', 2, 1),
    sample('b', 2, 2),
    sample('a', 3, 5, 'NOT CLEAN'),
  ];
  expect(summaryOf(samples)).toEqual([
    { target: 'a', values: { cpu: 5 }, verdicts: ['clean', 'NOT CLEAN'] },
    { target: 'b', values: { cpu: 1.5 }, verdicts: ['clean'] },
  ]);
});

test('one round that was not clean spoils a run, and so does none at all', () => {
  expect(isClean([sample('a', 1, 1), sample('a', 2, 1)])).toBe(true);
  expect(isClean([sample('a', 1, 1), sample('a', 2, 1, 'NOT CLEAN')])).toBe(false);
  expect(isClean([])).toBe(false);
});
