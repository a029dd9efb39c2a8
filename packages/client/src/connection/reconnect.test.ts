import { ManualClock, seededRandom } from '@chatplatform/runtime';
import * as fc from 'fast-check';
import { ReconnectPolicy } from './reconnect.ts';

/** The longest wait before a try, ms; `tries`: those since the last stable connection. */
function ceiling(tries: number): number {
  return tries === 0 ? 2_000 : Math.min(30_000, 1_000 * 2 ** tries);
}

/** The same place in [0, 1) every time. */
function constant(place: number): { next(): number; id(): string } {
  return { next: () => place, id: () => '' };
}

describe('the waits before a reconnect', () => {
  test('are uniform from 0 up to 2 s, then up to 1 s x 2^n, never over 30 s', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(40),
        (place, tries) => {
          const policy = new ReconnectPolicy(new ManualClock(), constant(place));
          for (let earlier = 0; earlier < tries; earlier += 1) policy.delay();
          expect(policy.delay()).toBeCloseTo(place * ceiling(tries), 6);
        },
      ),
    );
  });

  test('use all of their range', () => {
    const random = seededRandom(3);
    const first = Array.from({ length: 2_000 }, () => new ReconnectPolicy(new ManualClock(), random).delay());
    const tenths = new Set(first.map((wait) => Math.floor(wait / 200)));
    expect(tenths.size).toBe(10);
    const mean = first.reduce((sum, wait) => sum + wait, 0) / first.length;
    expect(Math.abs(mean - 1_000)).toBeLessThan(50);
  });

  test('are inside the window of the platform, whatever came before', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(20), fc.nat(60_000), fc.nat(60_000), (seed, tries, low, width) => {
        const policy = new ReconnectPolicy(new ManualClock(), seededRandom(seed));
        for (let earlier = 0; earlier < tries; earlier += 1) policy.delay();
        const wait = policy.delay([low, low + width]);
        expect(wait).toBeGreaterThanOrEqual(low);
        expect(wait).toBeLessThanOrEqual(low + width);
      }),
    );
  });

  test('begin anew after 10 s of a connection, and not a moment before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 12 }), async (lives) => {
        const clock = new ManualClock();
        const policy = new ReconnectPolicy(clock, constant(0.999_999));
        let tries = 0;
        for (const life of lives) {
          policy.connected();
          await clock.advance(life);
          policy.lost();
          if (life >= 10_000) tries = 0;
          expect(Math.round(policy.delay())).toBe(ceiling(tries));
          tries += 1;
        }
      }),
      { numRuns: 50 },
    );
  });

  test('are cut short by a sign of life once per 10 s', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(15_000), { minLength: 1, maxLength: 12 }), async (pauses) => {
        const clock = new ManualClock();
        const policy = new ReconnectPolicy(clock, seededRandom(1));
        let last = Number.NEGATIVE_INFINITY;
        for (const pause of pauses) {
          const allowed = clock.monotonic() - last >= 10_000;
          expect(policy.mayTryNow()).toBe(allowed);
          if (allowed) last = clock.monotonic();
          await clock.advance(pause);
        }
      }),
      { numRuns: 50 },
    );
  });
});
