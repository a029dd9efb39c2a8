import type { Sample } from '../scenarios/scenario.ts';

/** One target's numbers over all rounds. */
export interface SummaryRow {
  readonly target: string;
  /** Median of the rounds, by name. */
  readonly values: Readonly<Record<string, number>>;
  /** The verdicts of its rounds; one when all say the same. */
  readonly verdicts: readonly string[];
}

/** Medians per target, in the order the targets came. */
export function summaryOf(samples: readonly Sample[]): SummaryRow[] {
  return [...new Set(samples.map((sample) => sample.target))].map((target) => {
    const own = samples.filter((sample) => sample.target === target);
    return rowOf(target, own);
  });
}

function rowOf(target: string, own: readonly Sample[]): SummaryRow {
  return {
    target,
    values: Object.fromEntries(
      Object.keys(own[0]?.values ?? {}).map((name) => [
        name,
        median(own.map((sample) => sample.values[name] ?? Number.NaN)),
      ]),
    ),
    verdicts: [...new Set(own.map((sample) => sample.verdict))],
  };
}

/** Whether every round of every target was clean; nothing measured is not clean. */
export function isClean(samples: readonly Sample[]): boolean {
  return samples.length > 0 && samples.every((sample) => sample.verdict.startsWith('clean'));
}

/** The middle one, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
