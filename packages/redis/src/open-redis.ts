import { systemClock, systemRandom, type Clock, type Random } from '@chatplatform/runtime';
import { RedisBudget } from './budget/redis-budget.ts';
import type { RedisConfig } from './connection/config.ts';
import { Connection, type RedisLog } from './connection/connection.ts';
import { RedisDeliveries } from './deliveries/redis-deliveries.ts';
import type { RedisErrorCode } from './errors.ts';
import { RedisGateways } from './gateways/redis-gateways.ts';
import { RedisHistory } from './history/redis-history.ts';
import { RedisIdempotency } from './idempotency/redis-idempotency.ts';
import { NumberedInbox } from './inbox/numbered-inbox.ts';
import { RedisTransport } from './inbox/redis-transport.ts';
import { Keys } from './keys.ts';
import { RedisKeyspace } from './keyspace/redis-keyspace.ts';
import { RedisLatest } from './latest/redis-latest.ts';
import { RedisLocks } from './locks/redis-locks.ts';
import { NotingGateways } from './online/noting-gateways.ts';
import { NotingSessions } from './online/noting-sessions.ts';
import { RedisOnline } from './online/redis-online.ts';
import { RedisPresence } from './presence/redis-presence.ts';
import { RedisReceipts } from './receipts/redis-receipts.ts';
import type { Redis } from './redis.ts';
import { RedisRevocations } from './revocations/redis-revocations.ts';
import { RedisRoutes } from './routes/redis-routes.ts';
import { RedisSessions } from './sessions/redis-sessions.ts';

/** What {@link openRedis} needs. */
export interface OpenRedisOptions {
  readonly config: RedisConfig;
  /** Before every key, ending in `:` (the platform's `<namespace>.<name>:`). No braces. */
  readonly prefix: string;
  readonly deps: {
    readonly logger: RedisLog;
    readonly clock?: Clock | undefined;
    readonly random?: Random | undefined;
    /** Called for every call that failed for another reason than {@link Redis.close}. */
    readonly onFailure?: ((code: RedisErrorCode) => void) | undefined;
  };
}

/**
 * Opens the platform's Redis: one server or a cluster, the same nouns. Returns at once and connects (and
 * reconnects for ever) in the background; while it is not connected commands reject at once with `unavailable`.
 *
 * @throws RedisError `invalid` when the configuration names no usable address.
 */
export function openRedis({ config, prefix, deps }: OpenRedisOptions): Redis {
  const clock = deps.clock ?? systemClock;
  const connection = new Connection(config, { log: deps.logger, clock, onFailure: deps.onFailure });
  const keys = new Keys(prefix);
  const sessions = new RedisSessions(connection, keys);
  const gateways = new RedisGateways({ connection, clock, keys, sessions });
  const online = new RedisOnline(connection, keys);
  return {
    get state() {
      return connection.state;
    },
    onState: (fn) => connection.onState(fn),
    ready: (timeoutMs) => connection.ready(timeoutMs),
    history: (epoch) => new RedisHistory({ connection, clock, keys, prefix, epoch }),
    latest: (epoch) => new RedisLatest({ connection, keys, prefix, epoch }),
    receipts: (epoch) => new RedisReceipts({ connection, keys, prefix, epoch }),
    routes: new RedisRoutes(connection, keys),
    presence: new RedisPresence(connection, keys, gateways),
    sessions: new NotingSessions(sessions, online),
    gateways: new NotingGateways(gateways, sessions, online),
    online,
    locks: new RedisLocks(connection, keys),
    deliveries: new RedisDeliveries(connection, keys),
    budget: new RedisBudget(connection, keys),
    idempotency: new RedisIdempotency(connection, keys),
    keyspace: new RedisKeyspace(connection, deps.random ?? systemRandom, keys),
    revocations: new RedisRevocations(connection, keys),
    inbox: new NumberedInbox(new RedisTransport(connection, clock, keys), clock),
    close: () => connection.close(),
  };
}
