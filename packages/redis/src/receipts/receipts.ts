import type { Position } from '@chatplatform/protocol';

/** How far a user got in a room: everything up to here was delivered to a device of theirs, or read by them. */
export interface Watermarks {
  readonly delivered?: Position;
  readonly read?: Position;
}

/** What {@link Receipts.mark} raises. */
export interface MarkRequest {
  readonly room: string;
  /** By user; positions of the log these receipts belong to. */
  readonly marks: ReadonlyMap<string, Watermarks>;
  /** How long the room's watermarks live after this, ms: as long as its history. */
  readonly keepMs: number;
}

/**
 * Watermarks of the users of rooms in one log. Kept for rooms of up to `Limits.smallRoomMembers` members: more
 * present users and nothing is kept or told; more users remembered and those furthest behind are forgotten.
 */
export interface Receipts {
  /** Raises watermarks, never lowers one. What was read counts as delivered. Resolves with what rose, by user. */
  mark(request: MarkRequest): Promise<Map<string, Watermarks>>;
  /** The watermarks of a room by user; empty for a large room. */
  of(room: string): Promise<Map<string, Watermarks>>;
}
