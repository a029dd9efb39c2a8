import { Tally } from './tally.ts';

const owed = (count: number) => () => count;

function seen(...numbers: number[]): Tally {
  const tally = new Tally();
  const member = tally.member();
  for (const number of numbers) tally.got(member, number, 1000);
  return tally;
}

describe('the tally', () => {
  test('is clean when each member got each number once, in order', () => {
    const tally = new Tally();
    for (const member of [tally.member(), tally.member()])
      for (const number of [1, 2, 3]) tally.got(member, number, 500);
    expect(tally.counts(owed(3))).toEqual({ received: 6, lost: 0, doubled: 0, reordered: 0 });
  });

  test.each([
    { numbers: [1, 3], lost: 1, doubled: 0, reordered: 0 },
    { numbers: [1, 2], lost: 1, doubled: 0, reordered: 0 },
    { numbers: [], lost: 3, doubled: 0, reordered: 0 },
    { numbers: [1, 2, 2, 3], lost: 0, doubled: 1, reordered: 0 },
    { numbers: [1, 3, 2], lost: 0, doubled: 0, reordered: 1 },
    { numbers: [1, 3, 2, 2], lost: 0, doubled: 1, reordered: 1 },
  ])('sees what is wrong with $numbers', ({ numbers, lost, doubled, reordered }) => {
    expect(seen(...numbers).counts(owed(3))).toEqual({ received: numbers.length, lost, doubled, reordered });
  });

  test('gives the delays since they were asked for last', () => {
    const tally = new Tally();
    const member = tally.member();
    for (let number = 1; number <= 100; number += 1) tally.got(member, number, number * 1000);
    const delays = tally.takeDelays();
    expect(delays.p50).toBeCloseTo(50, 0);
    expect(delays.p99).toBeCloseTo(99, 0);
    expect(tally.takeDelays()).toEqual({ p50: 0, p95: 0, p99: 0, max: 0 });
  });
});
