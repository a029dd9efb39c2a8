import { performance } from 'node:perf_hooks';

/** How a window follows the load. */
export interface LoadWindowOptions {
  /** Share up to which nothing waits. */
  readonly idleShare: number;
  /** Share from which on the whole window is used. */
  readonly busyShare: number;
  /** The whole window, ms. */
  readonly maxMs: number;
}

/**
 * How long work is collected so that it is done together: not at all while there is time for each piece alone, longer the
 * busier the process is.
 */
export class LoadWindow {
  readonly #options: LoadWindowOptions;
  #ms = 0;

  constructor(options: LoadWindowOptions) {
    this.#options = options;
  }

  /** Milliseconds to collect; 0 = do it now. */
  get ms(): number {
    return this.#ms;
  }

  /** @param utilization share of time (0..1) the event loop was busy since the last call, a few times per second */
  sample(utilization: number): void {
    const { idleShare, busyShare, maxMs } = this.#options;
    const share = (utilization - idleShare) / (busyShare - idleShare);
    this.#ms = Math.round(Math.min(1, Math.max(0, share)) * maxMs);
  }
}

/** Loop lag and rate of work both show in how busy the loop is: one measure for the two. */
export function loopUtilization(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return Number.isFinite(utilization) ? utilization : 0;
  };
}
