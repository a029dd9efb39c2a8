import type { ClientError } from './errors.ts';
import type { Settled } from './outbox/outbox.ts';

/** `connecting` only before the first connection; `closed` is final. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/**
 * A part of the platform that may not work for a while: `publish` (messages wait in the outbox), `history` (messages
 * come late, the past cannot be read), `presence` (who is here may be out of date).
 */
export type DegradedPart = 'history' | 'presence' | 'publish';

/** Events of a client. */
export interface ClientEvents {
  /** The connection changed. `retryIn`: milliseconds until the next try. `gateway`: who serves it now. */
  state: {
    state: ConnectionState;
    previous: ConnectionState;
    reason?: string;
    retryIn?: number;
    gateway?: string;
  };
  /** The gateway is about to stop, in `deadline` milliseconds at the latest; the client moves by itself. */
  draining: { reason: string; deadline: number };
  /** The connection moved to another gateway without a break. */
  moved: { gateway: string };
  /** Parts of the platform that do not work now; empty when all do. */
  degraded: { parts: DegradedPart[] };
  /** A message of this client was acknowledged, and then refused by a rule, in any room; nobody else sees it. */
  rejected: { room: string; id: string; cid: string; error: ClientError };
  /** A publish that an earlier page left in the outbox has its final answer: `result`, or `error`. */
  settled: Settled;
  /** Something failed. `retryable`: the client goes on by itself; otherwise it has closed. */
  error: ClientError;
}
