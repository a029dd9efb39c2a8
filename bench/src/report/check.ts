import type { Result } from './results.ts';
import type { SummaryRow } from './summary.ts';

/** More than this above the last committed result fails. */
const TOLERANCE = 0.15;
const OWN = 'ChatPlatform';
const LIMIT = 'raw uWS';

/** A number that must not grow, taken from a result. */
interface Guarded {
  readonly scenario: string;
  readonly name: string;
  readonly of: (summary: readonly SummaryRow[]) => number;
}

/** CPU per delivery as a multiple of raw uWS of the same run, which another machine does not change. */
const GUARDED: readonly Guarded[] = [
  {
    scenario: 'idle',
    name: 'KB per connection',
    of: (summary) => valueOf(summary, OWN, 'KB per connection'),
  },
  ...['single', 'bursts of 8'].map((kind) => ({
    scenario: 'fan-out',
    name: `edge CPU per delivery, ${kind}, times ${LIMIT}`,
    of: (summary: readonly SummaryRow[]) =>
      valueOf(summary, `${OWN}, ${kind}`, 'edge CPU s per million') /
      valueOf(summary, `${LIMIT}, ${kind}`, 'edge CPU s per million'),
  })),
];

/** Scenarios that a check has to run. */
export const CHECKED_SCENARIOS: readonly string[] = [...new Set(GUARDED.map(({ scenario }) => scenario))];

/** One compared number. */
export interface Comparison {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  readonly regressed: boolean;
}

/** Compares a new result with the committed one of the same scenario. */
export function compare(before: Result, now: Result): Comparison[] {
  return GUARDED.filter(({ scenario }) => scenario === now.scenario).map(({ name, of }) => {
    const was = of(before.summary);
    const is = of(now.summary);
    // A number that is missing on either side proves nothing, so it counts as a fault.
    return { name, before: was, now: is, regressed: !(is <= was * (1 + TOLERANCE)) };
  });
}

function valueOf(summary: readonly SummaryRow[], target: string, name: string): number {
  return summary.find((row) => row.target === target)?.values[name] ?? Number.NaN;
}
