import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nowUs } from './payload.ts';

/** How hard the load process itself had to work; it must never be what is measured. */
export interface LoadEffort {
  /** Of one core, all threads. */
  readonly cpuShare: number;
  /** ms by which its event loop was late, 99 of 100 times less. */
  readonly lagP99: number;
}

/** Often enough for percentiles of a run of seconds, seldom enough to cost nothing. */
const RESOLUTION_MS = 10;
const MS_NS = 1e6;
/** From here on a load process has no reserve. */
const LARGEST_CPU_SHARE = 0.9;
/** Half of the delay that still counts as immediate: above it, delays are mostly its own. */
const LONGEST_LAG_MS = 25;

/** Whether figures taken meanwhile say more about the load generator than about the server. */
export function isSaturated({ cpuShare, lagP99 }: LoadEffort): boolean {
  return cpuShare > LARGEST_CPU_SHARE || lagP99 > LONGEST_LAG_MS;
}

/** Watches the process it is in. */
export class EffortMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu = process.cpuUsage();
  #sinceUs = nowUs();

  constructor() {
    this.#delay.enable();
  }

  /** Since the last call, or since the beginning. */
  take(): LoadEffort {
    const { user, system } = process.cpuUsage(this.#cpu);
    const now = nowUs();
    const effort = {
      cpuShare: (user + system) / Math.max(1, now - this.#sinceUs),
      lagP99: Math.max(0, this.#delay.percentile(99) / MS_NS - RESOLUTION_MS),
    };
    this.#cpu = process.cpuUsage();
    this.#sinceUs = now;
    this.#delay.reset();
    return effort;
  }

  close(): void {
    this.#delay.disable();
  }
}
