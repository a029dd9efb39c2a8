import { sleepOn, type Clock, type Timer } from '@chatplatform/runtime';
import { momentOf, type VirtualTime } from './virtual-time.ts';

/** What `now()` says when the world begins: 2023-11-14, in the middle of a UTC day. */
const ORIGIN_MS = 1_700_000_000_000;

/**
 * A process of the simulated world. It can stop at any await (everything it waits for stays away for ever), and it can
 * stand still for a while, as under a long garbage collection: what would have happened meanwhile happens afterwards.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #time: VirtualTime;
  #alive = true;
  #frozenUntil = 0;

  /** @param skewMs how wrong its wall clock is. */
  constructor(name: string, time: VirtualTime, skewMs: number) {
    this.name = name;
    this.#time = time;
    this.clock = {
      now: () => ORIGIN_MS + skewMs + Math.floor(time.now),
      monotonic: () => time.now,
      setTimeout: (fn, ms) => this.later(ms, fn),
      sleep: (ms, signal) => sleepOn(this.clock, ms, signal),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Nothing more happens in it. */
  kill(): void {
    this.#alive = false;
  }

  /** It does nothing for `ms`. */
  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, momentOf(this.#time.now + ms));
  }

  /** Calls `fn` in this process after `ms`, unless it has ended by then. */
  later(ms: number, fn: () => void): Timer {
    let timer: Timer;
    const happen = (): void => {
      if (!this.#alive) return;
      const wait = this.#frozenUntil - this.#time.now;
      if (wait > 0) timer = this.#time.after(wait, happen);
      else fn();
    };
    timer = this.#time.after(ms, happen);
    return { cancel: () => timer.cancel() };
  }
}
