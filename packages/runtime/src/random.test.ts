import { seededRandom, systemRandom } from './index.ts';

test('one seed gives one sequence, another seed another', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.next(), random.id(8)];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test.each([
  ['seeded', seededRandom(1)],
  ['system', systemRandom],
])('%s randomness stays in range and spreads', (_, random) => {
  const values = Array.from({ length: 2000 }, () => random.next());
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean).toBeGreaterThan(0.45);
  expect(mean).toBeLessThan(0.55);
  expect(random.id(40)).toMatch(/^[0-9a-z]{40}$/);
  expect(random.id(12)).not.toBe(random.id(12));
});
