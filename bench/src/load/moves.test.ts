import { Moves } from './moves.ts';
import { nowUs } from './payload.ts';

test('moves are counted per client and in the busiest second, wherever it begins', () => {
  const moves = new Moves();
  moves.begin();
  const began = nowUs();
  for (const [client, seconds] of [
    [1, 0.5],
    [2, 1.9],
    [3, 2.0],
    [4, 2.8],
    [1, 4],
  ] as const)
    moves.add(client, began + seconds * 1e6);
  const report = moves.report();
  expect(report).toMatchObject({ clients: 4, most: 2, peakPerSecond: 3 });
  expect(report.halfSeconds).toBeCloseTo(2, 1);
  expect(report.allSeconds).toBeCloseTo(2.8, 1);
});
