import type { Clock } from '@chatplatform/runtime';

/** Allows a rate with a burst, without a timer: tokens are counted when asked. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** Starts full. @param rate tokens per second @param burst most tokens that gather */
  constructor(clock: Clock, rate: number, burst: number) {
    this.#clock = clock;
    this.#perMs = rate / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = clock.monotonic();
  }

  /** True = one token was taken. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until `count` tokens are there, at most the burst; 0 = now. */
  waitMs(count = 1): number {
    this.#refill();
    return this.#tokens >= count ? 0 : Math.ceil((count - this.#tokens) / this.#perMs);
  }

  /** True when nothing was taken for so long that forgetting this bucket changes nothing. */
  get full(): boolean {
    this.#refill();
    return this.#tokens >= this.#burst;
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}

/** Buckets by key; full ones are forgotten, so memory follows activity. */
export class TokenBuckets<Bucket extends { readonly full: boolean } = TokenBucket> {
  readonly #buckets = new Map<string, Bucket>();
  readonly #make: (key: string) => Bucket;

  constructor(make: (key: string) => Bucket) {
    this.#make = make;
  }

  get size(): number {
    return this.#buckets.size;
  }

  of(key: string): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const fresh = this.#make(key);
    this.#buckets.set(key, fresh);
    return fresh;
  }

  /** Called now and then. */
  sweep(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(key);
  }
}
