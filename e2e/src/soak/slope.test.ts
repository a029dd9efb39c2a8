import { slopePerMinute, type Point } from './slope.ts';

const points = (...values: number[]): Point[] => values.map((value, minutes) => ({ minutes, value }));

test('a line has its own slope, whatever its level', () => {
  expect(slopePerMinute(points(100, 103, 106, 109))).toBeCloseTo(3);
  expect(slopePerMinute(points(9, 7, 5))).toBeCloseTo(-2);
});

test('what goes up and down is flat', () => {
  expect(slopePerMinute(points(5, 9, 9, 5))).toBeCloseTo(0);
});

test('the times count, not the places in the list', () => {
  const sparse = [
    { minutes: 0, value: 0 },
    { minutes: 10, value: 10 },
    { minutes: 20, value: 20 },
  ];
  expect(slopePerMinute(sparse)).toBeCloseTo(1);
});

test('one moment has no slope', () => {
  expect(slopePerMinute([])).toBe(0);
  expect(slopePerMinute(points(7))).toBe(0);
});
