import type { Budget } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import { TokenBucket } from '../session/token-bucket.ts';

/** Redis must answer within this, else this gateway paces itself. */
const ANSWER_MS = 1000;

/** How many clients may be told to reconnect now: shared by the whole platform through Redis. */
export class ReconnectBudget {
  readonly #shared: Budget;
  readonly #gateways: () => Promise<number>;
  readonly #clock: Clock;
  /** Gateways that shared the budget when Redis was last heard of. */
  #sharers = 1;
  #own: { rate: number; bucket: TokenBucket } | undefined;

  /** @param gateways number of gateways alive */
  constructor(parts: { shared: Budget; gateways: () => Promise<number>; clock: Clock }) {
    this.#shared = parts.shared;
    this.#gateways = parts.gateways;
    this.#clock = parts.clock;
  }

  /** Takes up to `n`; `waitMs` until asking again pays. Without Redis: the last known share of the rate. Never rejects. */
  async take(n: number, ratePerSecond: number): Promise<{ granted: number; waitMs: number }> {
    try {
      const answer = this.#shared.take(n, ratePerSecond);
      const late = this.#clock.sleep(ANSWER_MS).then(() => Promise.reject(new Error('no answer in time')));
      late.catch(() => undefined);
      const taken = await Promise.race([answer, late]);
      this.#own = undefined;
      void this.#gateways().then(
        (count) => {
          this.#sharers = Math.max(1, count);
        },
        () => undefined,
      );
      return taken;
    } catch {
      return this.#takeOwn(n, ratePerSecond / this.#sharers);
    }
  }

  #takeOwn(n: number, rate: number): { granted: number; waitMs: number } {
    if (this.#own?.rate !== rate) {
      this.#own = { rate, bucket: new TokenBucket(this.#clock, rate, Math.max(1, rate)) };
    }
    const { bucket } = this.#own;
    let granted = 0;
    while (granted < n && bucket.take()) granted += 1;
    return { granted, waitMs: bucket.waitMs() };
  }
}
