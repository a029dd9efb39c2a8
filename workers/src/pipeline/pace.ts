import { LoadWindow, type Clock } from '@chatplatform/runtime';

/** Share of time the worker may be busy before waiting pays: below it every message is read at once. */
const IDLE_SHARE = 0.2;
/** Share at which the full window is used. */
const BUSY_SHARE = 0.5;
/** Longest a batch holds up the next reading: adds at most this to delivery when much is written. */
const MAX_WINDOW_MS = 20;
/** Fewer records than that in a window do not pay for the wait of the first: a hundred messages a second are read one by one. */
const WORTH_WAITING_FOR = 8;
/** Between two looks at the load, ms. */
const SAMPLE_MS = 250;

/**
 * Lets what is written collect in the log while the worker is busy and much is written. A reading costs the same for one
 * record as for a hundred: a request to Kafka, a script of Redis, a publish to each gateway, a write of events.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #window: LoadWindow;
  #sampledAt = Number.NEGATIVE_INFINITY;
  /** Records read since then, and how many came each ms before. */
  #read = 0;
  #perMs = 0;

  /** @param utilization share of time (0..1) the event loop was busy since the last call */
  constructor(clock: Clock, utilization: () => number) {
    this.#clock = clock;
    const share = { idleShare: IDLE_SHARE, busyShare: BUSY_SHARE };
    this.#window = new LoadWindow({ utilization, ...share, maxMs: MAX_WINDOW_MS });
  }

  /** Resolves when the next reading may begin after a batch of `records` that was begun at `since`, monotonic ms. */
  async rest(since: number, records: number): Promise<void> {
    const now = this.#clock.monotonic();
    this.#read += records;
    if (now - this.#sampledAt >= SAMPLE_MS) this.#sample(now);
    const windowMs = this.#window.ms;
    if (windowMs * this.#perMs < WORTH_WAITING_FOR) return;
    const left = since + windowMs - now;
    if (left > 0) await this.#clock.sleep(left);
  }

  #sample(now: number): void {
    this.#window.sample();
    this.#perMs = this.#read / (now - this.#sampledAt);
    this.#read = 0;
    this.#sampledAt = now;
  }
}
