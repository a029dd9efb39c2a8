import type { AddressRates } from '../server/address-rates.ts';
import type { RevocationPlane } from '../auth/revocation-plane.ts';
import type { SessionPlane } from '../session/session-plane.ts';
import { TokenBucket, TokenBuckets } from '../session/token-bucket.ts';
import type { Surroundings } from '../surroundings.ts';
import { Api } from './api.ts';
import { CrossOrigin } from './cross-origin.ts';
import { apiHandlers } from './handlers.ts';
import { MessagePublisher } from './message-publisher.ts';

/** The HTTP API, and the upkeep it needs. */
export interface ApiPlane {
  readonly api: Api;
  /** Forgets rate buckets nobody needs. */
  sweepBuckets(): void;
}

/** Builds the HTTP API of a gateway. */
export function apiPlane(
  around: Surroundings,
  parts: {
    sessions: SessionPlane;
    revoking: RevocationPlane;
    addresses: AddressRates;
    isEnding: () => boolean;
  },
): ApiPlane {
  const { clock, config, history, incarnation, live, log, logger, metrics, optionsOf, redis } = around;
  const { sessions, revoking, addresses, isEnding } = parts;
  const users = new TokenBuckets(() => {
    const { apiRequestsPerSecondPerUser, apiRequestBurstPerUser } = live.limits;
    return new TokenBucket(clock, apiRequestsPerSecondPerUser, apiRequestBurstPerUser);
  });
  const publisher = new MessagePublisher({
    clock,
    incarnation,
    idempotency: redis.idempotency,
    publish: (user, body) => sessions.publisher.alone(user, body),
    publishOnce: (user, body) => sessions.publisher.once(user, body),
    idOf: (user, body) => sessions.publisher.firstCopy(user, body, 0),
  });
  const api = new Api({
    clock,
    logger,
    metrics,
    handlers: apiHandlers({
      clock,
      publisher,
      userBuckets: sessions.buckets.users,
      roomRates: sessions.buckets.rooms,
      history,
      log,
      presence: redis.presence,
      optionsOf,
      revocations: revoking.revocations,
    }),
    verify: (token) => revoking.verify(token),
    crossOrigin: new CrossOrigin(config.origins),
    users,
    addresses,
    maxBodyBytes: () => live.limits.maxFrameBytes,
    isEnding,
  });
  return { api, sweepBuckets: () => users.sweep() };
}
