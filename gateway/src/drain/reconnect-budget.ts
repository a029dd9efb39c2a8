import type { Budget } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import { TokenBucket } from '../session/token-bucket.ts';

/** Redis must answer within this, else this gateway paces itself. */
const ANSWER_MS = 1000;
/** As much of the rate may gather as in the shared bucket, in seconds. */
const BURST_SECONDS = 0.1;

/** How many clients may be told to reconnect now: shared by the whole platform through Redis. */
export class ReconnectBudget {
  readonly #shared: Budget;
  readonly #sharers: () => number;
  readonly #clock: Clock;
  #own: { rate: number; bucket: TokenBucket } | undefined;

  /** @param sharers number of gateways alive when that was last known */
  constructor(parts: { shared: Budget; sharers: () => number; clock: Clock }) {
    this.#shared = parts.shared;
    this.#sharers = parts.sharers;
    this.#clock = parts.clock;
  }

  /** Takes up to `n`; `waitMs` until asking again pays. Without Redis: the last known share of the rate. Never rejects. */
  async take(n: number, ratePerSecond: number): Promise<{ granted: number; waitMs: number }> {
    const ended = new AbortController();
    try {
      const answer = this.#shared.take(n, ratePerSecond);
      const late = this.#clock
        .sleep(ANSWER_MS, ended.signal)
        .then(() => Promise.reject(new Error('no answer in time')));
      late.catch(() => undefined);
      const taken = await Promise.race([answer, late]);
      this.#own = undefined;
      return taken;
    } catch {
      return this.#takeOwn(n, this.share(ratePerSecond));
    } finally {
      ended.abort();
    }
  }

  /** What one gateway may use of a rate when all of them use it. */
  share(ratePerSecond: number): number {
    return ratePerSecond / this.#sharers();
  }

  #takeOwn(n: number, rate: number): { granted: number; waitMs: number } {
    if (this.#own?.rate !== rate) {
      this.#own = { rate, bucket: new TokenBucket(this.#clock, rate, Math.max(1, rate * BURST_SECONDS)) };
    }
    const { bucket } = this.#own;
    let granted = 0;
    while (granted < n && bucket.take()) granted += 1;
    return { granted, waitMs: bucket.waitMs() };
  }
}
