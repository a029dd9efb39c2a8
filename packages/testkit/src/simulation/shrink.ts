import { simulate, type SimulationOptions, type SimulationResult } from './simulation.ts';

/** A run that is still not clean with as few troubles as were found to suffice. */
export interface Shrunk {
  readonly result: SimulationResult;
  /** Troubles that were left out, by their place in the schedule, from 1. */
  readonly without: ReadonlySet<number>;
  /** Runs it took. */
  readonly runs: number;
}

/**
 * Leaves troubles out of a run that is not clean, halves first, then ever smaller parts, as long as something is wrong
 * with what is left. (Time goes on differently without a trouble, so one that seems needed may only have moved things.)
 */
export async function shrink(
  options: SimulationOptions,
  result: SimulationResult,
  run: typeof simulate = simulate,
): Promise<Shrunk> {
  let kept = result.schedule.map((_, at) => at + 1).filter((place) => options.without?.has(place) !== true);
  let best: Shrunk = { result, without: options.without ?? new Set(), runs: 0 };
  let runs = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const part = kept.slice(from, from + size);
      const without = new Set([...best.without, ...part]);
      const tried = await run({ ...options, without });
      runs += 1;
      if (tried.clean) {
        from += size;
        continue;
      }
      best = { result: tried, without, runs };
      kept = kept.filter((place) => !without.has(place));
    }
  }
  return { ...best, runs };
}
