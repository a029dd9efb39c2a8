import type { Budget } from './budget/budget.ts';
import type { Deliveries } from './deliveries/deliveries.ts';
import type { Gateways } from './gateways/gateways.ts';
import type { History } from './history/history.ts';
import type { Idempotency } from './idempotency/idempotency.ts';
import type { Inbox } from './inbox/inbox.ts';
import type { Keyspace } from './keyspace/keyspace.ts';
import type { Latest } from './latest/latest.ts';
import type { Locks } from './locks/locks.ts';
import type { Online } from './online/online.ts';
import type { Presence } from './presence/presence.ts';
import type { Receipts } from './receipts/receipts.ts';
import type { Revocations } from './revocations/revocations.ts';
import type { Routes } from './routes/routes.ts';
import type { Sessions } from './sessions/sessions.ts';

/** `up`: commands are being answered. `down`: not connected (yet, or any more); commands fail at once. */
export type RedisState = 'up' | 'down';

/**
 * Everything the platform keeps in Redis, one noun each. Redis is a cache that can be lost and rebuilt:
 * nothing here is the truth about a message.
 *
 * Every method of every noun rejects with a {@link RedisError} and nothing else; all may be repeated.
 * `openRedis` gives the real one, `memoryRedis().open()` the twin in process; one contract suite holds both.
 */
export interface Redis {
  readonly state: RedisState;
  /** Calls `fn` at every change of {@link Redis.state}; returns what stops it. */
  onState(fn: (state: RedisState) => void): () => void;
  /** Resolves when commands can be sent; rejects with `unavailable` after `timeoutMs`. */
  ready(timeoutMs: number): Promise<void>;
  /** The history of ordinary rooms in the log `epoch` (6 characters of base 36). */
  history(epoch: string): History;
  /** The values of latest-value rooms in the log `epoch`. */
  latest(epoch: string): Latest;
  /** The watermarks of members in the log `epoch`. */
  receipts(epoch: string): Receipts;
  readonly routes: Routes;
  readonly presence: Presence;
  readonly sessions: Sessions;
  readonly gateways: Gateways;
  readonly online: Online;
  readonly locks: Locks;
  readonly deliveries: Deliveries;
  readonly budget: Budget;
  readonly idempotency: Idempotency;
  readonly keyspace: Keyspace;
  readonly revocations: Revocations;
  readonly inbox: Inbox;
  /** Ends every connection; pending commands reject with `closed`. */
  close(): Promise<void>;
}
