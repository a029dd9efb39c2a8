import type { Position } from '@chatplatform/protocol';

/** What every recorded event says: when (ms on one clock), which client, in which room. */
interface Recorded {
  readonly at: number;
  readonly client: string;
  readonly room: string;
}

/** A message handed to the SDK. `tag` is unique in the run and travels inside the message. */
export interface Sent extends Recorded {
  readonly kind: 'sent';
  readonly tag: string;
}

/** The platform's promise that the message is in the log. The id is missing when its first copy is unknown. */
export interface Acked extends Recorded {
  readonly kind: 'acked';
  readonly tag: string;
  readonly cid: string;
  readonly id?: Position | undefined;
  readonly dup: boolean;
}

/** A publish that was given up: it may or may not be in the log. */
export interface Failed extends Recorded {
  readonly kind: 'failed';
  readonly tag: string;
  readonly reason: string;
}

/** From here on the client is owed the room. With `head`: every message after it; without: every one sent from now. */
export interface Joined extends Recorded {
  readonly kind: 'joined';
  readonly head?: Position | undefined;
}

/** A message given to the application. `tag` is empty when the payload was not one of this run's. */
export interface Received extends Recorded {
  readonly kind: 'received';
  readonly tag: string;
  readonly cid: string;
  readonly id: Position;
}

/** The client was told that its history has a hole (`recovered: false`): what was sent before is no longer owed. */
export interface ContinuityLost extends Recorded {
  readonly kind: 'continuity-lost';
  readonly reason: string;
}

/** The client left of its own will: nothing later is owed. */
export interface Left extends Recorded {
  readonly kind: 'left';
}

/** One line of a run's history. */
export type HistoryEvent = Sent | Acked | Failed | Joined | Received | ContinuityLost | Left;

/** All events of a run in the order they happened on the machine that drove it. */
export type History = readonly HistoryEvent[];
