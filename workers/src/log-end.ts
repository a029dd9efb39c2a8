import { currentEpoch, type LogReader } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';

/** Between two looks, ms: one small read of the control topic. */
const LOOK_MS = 30_000;

interface Deps {
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the new epoch when another log has taken the place of the one with `epoch`. Everything a worker knows
 * belongs to its log, so it starts anew then: what it would write under the old epoch nobody reads.
 * Rejects when `signal` is aborted.
 */
export async function logReplaced(control: string, epoch: string, deps: Deps): Promise<string> {
  for (;;) {
    await deps.clock.sleep(LOOK_MS, deps.signal);
    // What cannot be read now is read by the next look.
    const named = await currentEpoch(deps.reader, control).catch(() => epoch);
    if (named !== undefined && named !== epoch) return named;
  }
}
