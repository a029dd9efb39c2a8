import type { Position } from '@chatplatform/protocol';

/**
 * What can be wrong:
 * - `lost`: acknowledged, and a member that stayed did not get it
 * - `partial`: not acknowledged; some members got it, one that stayed did not
 * - `doubled`: given to one member twice
 * - `forked`: one message under two ids, or one id for two messages
 * - `order`: a member got ids that do not rise
 * - `sender-order`: messages of one sender in another order than sent
 * - `wrong-ack`: the ack names another id or cid than the delivery
 * - `invented`: received, never sent (or sent to another room)
 */
export type ViolationKind =
  | 'lost'
  | 'partial'
  | 'doubled'
  | 'forked'
  | 'order'
  | 'sender-order'
  | 'wrong-ack'
  | 'invented';

/** One broken promise. */
export interface Violation {
  readonly kind: ViolationKind;
  readonly room: string;
  /** The member that suffered. */
  readonly client: string;
  readonly tag: string;
  readonly id?: Position | undefined;
  /** One sentence. */
  readonly message: string;
  /** Index in the history of the event that shows it. */
  readonly index: number;
}

export interface Counts {
  readonly clients: number;
  readonly rooms: number;
  readonly sent: number;
  readonly acked: number;
  /** Acks that said `dup`: resends of what was in the log already. */
  readonly ackedAgain: number;
  readonly failed: number;
  readonly received: number;
  readonly continuityLost: number;
}

export interface Verdict {
  readonly clean: boolean;
  readonly counts: Counts;
  /** How often each promise was broken. */
  readonly broken: Readonly<Partial<Record<ViolationKind, number>>>;
  /** At most {@link MAX_KEPT} of each kind, in the order of the history. */
  readonly violations: readonly Violation[];
  /** Events around the first violation. */
  readonly excerpt: readonly string[];
}

/** Violations of one kind that are kept whole: enough to see a pattern; a broken run has tens of thousands. */
export const MAX_KEPT = 20;
