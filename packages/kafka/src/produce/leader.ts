import { backoff, type Backoff, type Random } from '@chatplatform/runtime';

/**
 * Waits between attempts, ms: short first, because most failures are a leader that moved; at most
 * 500, so that a 10 s deadline has some twenty attempts.
 */
const RETRY = { base: 50, factor: 2, max: 500, jitter: 0.5 } as const;

/** What the producer knows of one partition leader: at most one flight, and when the next may start. */
export class Leader {
  flying = false;
  /** Monotonic ms before which no flight starts. */
  notBefore = 0;
  /** A timer will try again at `notBefore`. */
  waking = false;
  /** Records the next flight may hold; halved while the broker refuses, to find the culprit. */
  maxRecords: number;
  readonly #ceiling: number;
  readonly #backoff: Backoff;

  constructor(maxRecords: number, random: Random) {
    this.maxRecords = maxRecords;
    this.#ceiling = maxRecords;
    this.#backoff = backoff(RETRY, random);
  }

  succeeded(): void {
    this.#backoff.reset();
    this.maxRecords = Math.min(this.#ceiling, this.maxRecords * 2);
  }

  failed(now: number): void {
    this.waitUntil(now + this.#backoff.next());
  }

  /** No flight starts before `moment`, monotonic ms, nor before any other that was named. */
  waitUntil(moment: number): void {
    this.notBefore = Math.max(this.notBefore, moment);
  }

  /** The broker refused a flight of `records`: look for the culprit in a smaller one. */
  narrow(records: number): void {
    this.maxRecords = Math.max(1, Math.floor(records / 2));
  }
}
