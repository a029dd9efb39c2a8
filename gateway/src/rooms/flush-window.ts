import { performance } from 'node:perf_hooks';

/** Longest time a message waits for company: adds at most this to delivery when the gateway is saturated. */
const MAX_WINDOW_MS = 20;
/** Share of time the loop may be busy before waiting pays: below it a write per message costs nobody anything. */
const IDLE_SHARE = 0.5;
/** Share at which the full window is used. */
const BUSY_SHARE = 0.9;

/** How long messages of a room are collected before they leave in one frame; asked once per flush. */
export class FlushWindow {
  readonly #utilization: () => number;
  #ms = 0;

  /** @param utilization share of time (0..1) the event loop was busy since the last call */
  constructor(utilization: () => number) {
    this.#utilization = utilization;
  }

  /** Milliseconds to collect; 0 = until the end of this turn of the event loop. */
  get ms(): number {
    return this.#ms;
  }

  /** Measures again; called a few times per second. */
  sample(): void {
    const share = (this.#utilization() - IDLE_SHARE) / (BUSY_SHARE - IDLE_SHARE);
    this.#ms = Math.round(Math.min(1, Math.max(0, share)) * MAX_WINDOW_MS);
  }
}

/** Loop lag and write rate both show in how busy the loop is: one measure for the two. */
export function loopUtilization(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return Number.isFinite(utilization) ? utilization : 0;
  };
}
