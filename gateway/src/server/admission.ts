import type { AddressRates } from './address-rates.ts';
import type { Refusal, UpgradeRequest } from './socket.ts';

/** What decides about new connections. */
export interface AdmissionOptions {
  /** Seconds after which to try again, while the gateway takes no new connections. */
  drainingRetrySeconds: () => number | undefined;
  /** Allowed `Origin` headers; undefined = any. A request without one is no browser. */
  origins: readonly string[] | undefined;
  addresses: AddressRates;
  /** Connections that have not said hello yet. */
  pending: () => number;
  onRefused: (refusal: Refusal) => void;
}

/** Connections without a hello hold a socket for up to 5 s each and no limit of a session binds them. */
const MAX_PENDING = 2000;
/** Full jitter is up to the client; this keeps a crowd from coming back in the same second. */
const RETRY_SECONDS = 2;

/** Decides about upgrades: draining, origin, crowd, rate per address. */
export function admission(options: AdmissionOptions): (request: UpgradeRequest) => Refusal | undefined {
  const decide = (request: UpgradeRequest): Refusal | undefined => {
    const retryAfterSeconds = options.drainingRetrySeconds();
    if (retryAfterSeconds !== undefined) {
      return {
        status: '503 Service Unavailable',
        code: 115,
        reason: 'this gateway is about to stop',
        retryAfterSeconds,
      };
    }
    if (options.origins !== undefined && request.origin !== '' && !options.origins.includes(request.origin)) {
      return {
        status: '403 Forbidden',
        code: 103,
        reason: 'this origin is not allowed; see spec.gateway.allowedOrigins',
      };
    }
    if (options.pending() >= MAX_PENDING) {
      const reason = 'too many connections wait for their hello';
      return { status: '503 Service Unavailable', code: 114, reason, retryAfterSeconds: RETRY_SECONDS };
    }
    if (options.addresses.take(request.remoteAddress)) return undefined;
    const reason = 'too many new connections from this address';
    return { status: '429 Too Many Requests', code: 111, reason, retryAfterSeconds: 1 };
  };
  return (request) => {
    const refusal = decide(request);
    if (refusal !== undefined) options.onRefused(refusal);
    return refusal;
  };
}
