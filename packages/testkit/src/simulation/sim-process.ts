import { sleepOn, type Clock, type Timer } from '@chatplatform/runtime';
import { momentOf, type VirtualTime } from './virtual-time.ts';

/** What `now()` says when the world begins: 2023-11-14, in the middle of a UTC day. */
const ORIGIN_MS = 1_700_000_000_000;

/** Something that waits for the end of a freeze. */
interface Held {
  fn: (() => void) | undefined;
}

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
  /** What would have happened while it stood still, in its order. */
  readonly #held: Held[] = [];
  #thawing = false;

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
    const event: Held = { fn };
    const timer = this.#time.after(ms, () => {
      if (!this.#alive) return;
      if (this.#held.length === 0 && this.#frozenUntil <= this.#time.now) {
        fn();
        return;
      }
      this.#held.push(event);
      this.#thaw();
    });
    return {
      cancel: () => {
        timer.cancel();
        event.fn = undefined;
      },
    };
  }

  /** Lets what was held up happen, one thing after the other, once nothing holds it any more. */
  #thaw(): void {
    if (this.#thawing) return;
    this.#thawing = true;
    this.#time.after(this.#frozenUntil - this.#time.now, () => {
      this.#thawing = false;
      const isFrozen = this.#frozenUntil > this.#time.now;
      const event = isFrozen || !this.#alive ? undefined : this.#held.shift();
      if (this.#alive && this.#held.length > 0) this.#thaw();
      event?.fn?.();
    });
  }
}
