import { LoadWindow } from './load-window.ts';

/** The window after the loop was busy for these shares of the time, one after the other. */
function windows(...shares: number[]): number[] {
  const window = new LoadWindow({ idleShare: 0.5, busyShare: 0.9, maxMs: 20 });
  return shares.map((share) => {
    window.sample(share);
    return window.ms;
  });
}

test('nothing waits while the loop is idle enough', () => {
  expect(windows(0, 0.3, 0.5)).toEqual([0, 0, 0]);
});

test('the window grows with the load up to its whole length, and goes with it', () => {
  const grown = windows(0.6, 0.7, 0.8, 0.9, 1);
  expect(grown).toEqual(grown.toSorted((a, b) => a - b));
  expect(grown.slice(-2)).toEqual([20, 20]);
  expect(windows(1, 0.1)).toEqual([20, 0]);
});
