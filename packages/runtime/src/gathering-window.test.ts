import { GatheringWindow } from './gathering-window.ts';

/** The window after a second in which so many came and the loop was that busy. */
function windowAfter(perSecond: number, share: number): number {
  const window = new GatheringWindow({ idleShare: 0.2, busyShare: 0.5, maxMs: 20, worth: 8 });
  window.sample(share, 0);
  expect(window.ms).toBe(0);
  window.note(perSecond / 2);
  window.note(perSecond / 2);
  window.sample(share, 1000);
  return window.ms;
}

test.each([
  ['nothing waits while there is time', 2000, 0.2, 0],
  ['the window grows with the load', 2000, 0.35, 10],
  ['up to its whole length', 2000, 1, 20],
  ['where little comes nothing is gained by waiting', 100, 1, 0],
  ['a whole window of it must be worth the wait', 400, 0.5, 20],
  ['and of a short one more must come', 400, 0.35, 0],
])('%s', (_, perSecond, share, ms) => {
  expect(windowAfter(perSecond, share)).toBe(ms);
});

test('what came before a sample does not count after it', () => {
  const window = new GatheringWindow({ idleShare: 0.2, busyShare: 0.5, maxMs: 20, worth: 8 });
  window.note(1e6);
  window.sample(1, 0);
  window.sample(1, 1000);
  expect(window.ms).toBe(0);
});
