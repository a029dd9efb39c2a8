import { assert, double, integer, property } from 'fast-check';
import { backoff, seededRandom } from './index.ts';

test('waits grow by the factor up to the maximum and start again after a reset', () => {
  const waits = backoff({ base: 100, factor: 2, max: 500, jitter: 0 }, seededRandom(1));
  expect([waits.next(), waits.next(), waits.next(), waits.next(), waits.next()]).toEqual([
    100, 200, 400, 500, 500,
  ]);
  waits.reset();
  expect(waits.next()).toBe(100);
});

test('jitter only shortens, by at most its share', () => {
  assert(
    property(integer(), double({ min: 0, max: 1, noNaN: true }), (seed, jitter) => {
      const waits = backoff({ base: 10, factor: 3, max: 9000, jitter }, seededRandom(seed));
      for (let full = 10; full < 9000 * 9; full *= 3) {
        const wait = waits.next();
        expect(wait).toBeLessThanOrEqual(Math.min(full, 9000));
        expect(wait).toBeGreaterThanOrEqual(Math.floor(Math.min(full, 9000) * (1 - jitter)) - 1);
      }
    }),
  );
});
