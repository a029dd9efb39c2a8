import type { Clock } from '@chatplatform/runtime';
import { TokenBucket } from '../session/token-bucket.ts';

/** Somebody in the line who does not ask again this long after the time told has gone away. */
const GONE_AFTER_MS = 1000;

/**
 * The rate of a room on this gateway, shared by everybody who publishes there. Over the rate users stand in line, one
 * place each: whoever asks most often gets no more than anybody else.
 */
export class RoomRate {
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  readonly #burst: number;
  /** User → until when the place is kept; in the order they came. */
  readonly #line = new Map<string, number>();

  /** @param perSecond publishes per second, and at once */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#burst = perSecond;
    this.#bucket = new TokenBucket(clock, perSecond, perSecond);
  }

  /** Milliseconds until `user` may publish; 0 = now. Who has to wait keeps a place in the line by asking again then. */
  waitMs(user: string): number {
    this.#dropGone();
    const waitMs = this.#waitAt(this.#placeOf(user));
    if (waitMs > 0) this.#line.set(user, this.#clock.monotonic() + waitMs + GONE_AFTER_MS);
    return waitMs;
  }

  /** The same for somebody who does not wait: behind everybody who does. */
  waitMsBehindAll(): number {
    this.#dropGone();
    return this.#waitAt(this.#line.size);
  }

  /** Takes what `waitMs` allowed, and the place of `user` with it. */
  take(user: string): void {
    this.#line.delete(user);
    this.#bucket.take();
  }

  /** True when forgetting this changes nothing. */
  get full(): boolean {
    this.#dropGone();
    return this.#line.size === 0 && this.#bucket.full;
  }

  /** A token for everybody in front is left; more than the burst never gather. */
  #waitAt(place: number): number {
    return this.#bucket.waitMs(Math.min(place + 1, this.#burst));
  }

  #placeOf(user: string): number {
    let place = 0;
    for (const waiting of this.#line.keys()) {
      if (waiting === user) return place;
      place += 1;
    }
    return place;
  }

  #dropGone(): void {
    const now = this.#clock.monotonic();
    for (const [user, until] of this.#line) if (until < now) this.#line.delete(user);
  }
}
