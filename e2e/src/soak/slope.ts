/** A value at a time. */
export interface Point {
  readonly minutes: number;
  readonly value: number;
}

/** Least squares: by how much the values rise per minute. 0 for fewer than two moments. */
export function slopePerMinute(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const time = mean(({ minutes }) => minutes);
  const level = mean(({ value }) => value);
  let together = 0;
  let spread = 0;
  for (const { minutes, value } of points) {
    together += (minutes - time) * (value - level);
    spread += (minutes - time) ** 2;
  }
  return spread > 0 ? together / spread : 0;
}
