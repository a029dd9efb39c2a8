import type { Position } from '@chatplatform/protocol/light';
import type { MessagePush, ValuePush } from '@chatplatform/protocol';

/** A message of a room. */
export interface Message<Data = unknown> {
  readonly room: string;
  /** Its position in the log of the room; ids of one room order as strings. */
  readonly id: Position;
  /** Who sent it. */
  readonly user: string;
  /** The sender's own id of it: what `Room.publish` returned it under. */
  readonly cid: string;
  /** When it was appended, milliseconds since 1970. */
  readonly ts: number;
  /** What was published. It comes from other clients: check it before trusting its type. */
  readonly data: Data;
  /** W3C traceparent: the one the sender set, or that of the trace the platform began for this message. */
  readonly traceparent?: string;
}

/** The value of a key in a latest-value room. */
export interface Value<Data = unknown> {
  readonly room: string;
  readonly key: string;
  /** Position of the message that set it. */
  readonly id: Position;
  /** When it was set, milliseconds since 1970. */
  readonly ts: number;
  /** `null`: the key was deleted. */
  readonly data: Data | null;
}

/** The message in a push `m`. */
export function messageOf(push: MessagePush): Message {
  const { r, id, u, cid, t, d, tp } = push;
  return { room: r, id, user: u, cid, ts: t, data: d, ...(tp !== undefined && { traceparent: tp }) };
}

/** The value in a push `v`. */
export function valueOf(push: ValuePush): Value {
  return { room: push.r, key: push.k, id: push.id, ts: push.t, data: push.d };
}
