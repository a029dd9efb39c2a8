/** What throttling needs. */
export interface GuestThrottleOptions {
  /** Proxies in front of this server. */
  readonly proxies: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** A school class behind one address gets in at once ... */
const BURST = 30;
/** ... and pages renew their tokens once an hour; nobody needs a new name every second. */
const SECONDS_PER_TOKEN = 2;
/** Addresses remembered; beyond it those that have been quiet longest are forgotten. */
const MAX_ADDRESSES = 10_000;

/** How many tokens an address gets: whoever may come without an account must not be able to come a thousand times. */
export class GuestThrottle {
  readonly #options: GuestThrottleOptions;
  /** When an address has its whole burst again, in the order of the last visit. */
  readonly #fullAt = new Map<string, number>();

  constructor(options: GuestThrottleOptions) {
    this.#options = options;
  }

  /** Takes one token for the client; the seconds to wait when there is none, else 0. */
  take(peer: string, forwardedFor: string | string[] | undefined): number {
    const address = this.#addressOf(peer, forwardedFor);
    const now = this.#options.now();
    const fullAt = Math.max(now, this.#fullAt.get(address) ?? now) + SECONDS_PER_TOKEN * 1000;
    const over = fullAt - now - BURST * SECONDS_PER_TOKEN * 1000;
    if (over > 0) return Math.ceil(over / 1000);
    this.#fullAt.delete(address);
    this.#fullAt.set(address, fullAt);
    if (this.#fullAt.size > MAX_ADDRESSES) this.#forgetOldest();
    return 0;
  }

  #forgetOldest(): void {
    const [oldest] = this.#fullAt.keys();
    if (oldest !== undefined) this.#fullAt.delete(oldest);
  }

  /** Every proxy appends whom it heard from; what stands before their entries anybody may have written. */
  #addressOf(peer: string, forwardedFor: string | string[] | undefined): string {
    const { proxies } = this.#options;
    if (proxies === 0 || forwardedFor === undefined) return peer;
    const hops = [forwardedFor].flat().join(',').split(',');
    return (hops.at(-proxies) ?? hops[0] ?? peer).trim();
  }
}
