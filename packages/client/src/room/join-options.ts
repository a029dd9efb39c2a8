import type { Position } from '@chatplatform/protocol/light';

/** What a member can be told of: messages and values, who comes and goes, receipts, who types. */
export type RoomClass = 'msg' | 'presence' | 'receipt' | 'typing';

/** How to join a room. */
export interface JoinOptions {
  /**
   * Begin after this position (an id of a message, {@link Room.position} of an earlier visit, or `''` for all of the
   * history). Without it: with the newest messages.
   */
  readonly from?: Position;
  /** How many of the newest messages to begin with, 0-200; the platform's choice (50) when left out. */
  readonly limit?: number;
  /** What to be told of. Default: messages, presence and typing. With `receipt` the client also sends its own. */
  readonly classes?: readonly RoomClass[];
}
