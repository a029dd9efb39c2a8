import type { Clock } from '@chatplatform/runtime';
import { TokenBucket, TokenBuckets } from '../session/token-bucket.ts';
import { customerOf } from './trusted-proxies.ts';

/** Addresses remembered before idle ones are forgotten. */
const MAX_ADDRESSES = 10_000;

/** What strangers may do per address and second: new connections, and failed attempts to authenticate. */
export class AddressRates {
  readonly #clock: Clock;
  readonly #perSecond: () => number;
  #rate = 0;
  #buckets: TokenBuckets | undefined;

  /** @param perSecond asked each time, since it may change while the gateway runs */
  constructor(clock: Clock, perSecond: () => number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** True = allowed, and counted. */
  take(address: string): boolean {
    return this.#of(address).take();
  }

  /** True when the address has used up what it may do now; nothing is counted. */
  isExhausted(address: string): boolean {
    return this.#of(address).waitMs() > 0;
  }

  #of(address: string): TokenBucket {
    const rate = this.#perSecond();
    if (this.#buckets === undefined || rate !== this.#rate) {
      this.#rate = rate;
      this.#buckets = new TokenBuckets(() => new TokenBucket(this.#clock, rate, rate));
    }
    if (this.#buckets.size >= MAX_ADDRESSES) this.#buckets.sweep();
    return this.#buckets.of(customerOf(address));
  }
}
