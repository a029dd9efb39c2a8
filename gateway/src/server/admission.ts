import type { Clock } from '@chatplatform/runtime';
import { TokenBucket, TokenBuckets } from '../session/token-bucket.ts';
import type { Refusal, UpgradeRequest } from './socket.ts';

/** What decides about new connections. */
export interface AdmissionOptions {
  clock: Clock;
  /** Seconds after which to try again, while the gateway takes no new connections. */
  drainingRetrySeconds: () => number | undefined;
  /** Allowed `Origin` headers; undefined = any. A request without one is no browser. */
  origins: readonly string[] | undefined;
  connectsPerSecondPerIp: () => number;
  /** Connections that have not said hello yet. */
  pending: () => number;
  onRefused: (refusal: Refusal) => void;
}

/** Connections without a hello hold a socket for up to 5 s each and no limit of a session binds them. */
const MAX_PENDING = 2000;
/** Addresses remembered before idle ones are forgotten. */
const MAX_ADDRESSES = 10_000;
/** Full jitter is up to the client; this keeps a crowd from coming back in the same second. */
const RETRY_SECONDS = 2;

/** Decides about upgrades: draining, origin, crowd, rate per address. */
export function admission(options: AdmissionOptions): (request: UpgradeRequest) => Refusal | undefined {
  const perAddress = new AddressRates(options);
  const decide = (request: UpgradeRequest): Refusal | undefined => {
    const retryAfterSeconds = options.drainingRetrySeconds();
    if (retryAfterSeconds !== undefined) {
      return {
        status: '503 Service Unavailable',
        reason: 'this gateway is about to stop',
        retryAfterSeconds,
      };
    }
    if (options.origins !== undefined && request.origin !== '' && !options.origins.includes(request.origin)) {
      return { status: '403 Forbidden', reason: 'this origin is not allowed; see spec.gateway.origins' };
    }
    if (options.pending() >= MAX_PENDING) {
      const reason = 'too many connections wait for their hello';
      return { status: '503 Service Unavailable', reason, retryAfterSeconds: RETRY_SECONDS };
    }
    if (perAddress.allows(request.remoteAddress)) return undefined;
    const reason = 'too many new connections from this address';
    return { status: '429 Too Many Requests', reason, retryAfterSeconds: 1 };
  };
  return (request) => {
    const refusal = decide(request);
    if (refusal !== undefined) options.onRefused(refusal);
    return refusal;
  };
}

class AddressRates {
  readonly #options: AdmissionOptions;
  #rate = 0;
  #buckets: TokenBuckets | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  allows(address: string): boolean {
    const rate = this.#options.connectsPerSecondPerIp();
    if (this.#buckets === undefined || rate !== this.#rate) {
      this.#rate = rate;
      this.#buckets = new TokenBuckets(() => new TokenBucket(this.#options.clock, rate, rate));
    }
    if (this.#buckets.size >= MAX_ADDRESSES) this.#buckets.sweep();
    return this.#buckets.of(address).take();
  }
}
