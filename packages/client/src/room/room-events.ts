import type { Position } from '@chatplatform/protocol/light';
import type { ClientError } from '../errors.ts';
import type { Message, Value } from './message.ts';

/**
 * Why continuity was lost: the log began anew (`epoch`), what was missed is no longer kept (`expired`), the platform
 * was too busy to look it up (`busy`), or it could not say with certainty what was missed (`unverified`).
 */
export type LostReason = 'epoch' | 'expired' | 'busy' | 'unverified';

/** Events of a room. */
export interface RoomEvents<Data = unknown> {
  /** A message: each once, in the order of the room. The sender gets it too. */
  message: Message<Data>;
  /** The value of a key changed (latest-value rooms); only the newest value of a key is owed. */
  value: Value<Data>;
  /**
   * Who came, who went, how many are here. In rooms of more than 200 members only the count is told. Also said, without
   * names, after every join and reconnect.
   */
  presence: { join: string[]; leave: string[]; count: number };
  /** Somebody began or stopped typing. */
  typing: { user: string; on: boolean };
  /** Watermarks that rose, by user: everything up to this id was delivered, or read. See {@link Room.receipts}. */
  receipt: { delivered: Record<string, Position>; read: Record<string, Position> };
  /** What lies before the next message is not complete: the platform could not say what was missed. */
  continuity: { recovered: false; reason: LostReason };
  /** The connection was lost, and everything missed since has been delivered: so many messages. */
  resumed: { count: number };
  /** A message of this client was acknowledged, and then refused by a rule; nobody else sees it. */
  rejected: { id: Position; cid: string; error: ClientError };
  /** The room is over for this client: left (no error), not allowed, or the client has ended. */
  closed: { error: ClientError | undefined };
}
