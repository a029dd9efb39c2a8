import { formatCid } from '@chatplatform/protocol/light';
import type { StoredPublish } from './outbox-store.ts';

/** What the platform said about a published message. */
export interface PublishResult {
  /**
   * Final id of the message. Missing when more than one copy may be in the log, of which the first one counts: the
   * delivered message tells its id, and carries the same `cid`.
   */
  readonly id?: string | undefined;
  /** When it was appended, milliseconds since 1970. */
  readonly ts: number;
  /** The client's own id; the delivered message carries it too. */
  readonly cid: string;
  /** It was in the log already: an earlier try had succeeded. */
  readonly dup: boolean;
}

/** Options of a publish. */
export interface PublishOptions {
  /** Key in a latest-value room, 1-128 characters. `Room.set` fills it in. */
  readonly key?: string;
  /** Up to 50 users to reach by notification when they are offline. */
  readonly notify?: readonly string[];
  /** W3C traceparent, to follow this message through the platform. */
  readonly traceparent?: string;
}

/**
 * A publish under way: a promise that settles when the platform has answered for good, however many connections that
 * takes.
 */
export interface Publishing extends Promise<PublishResult> {
  /** The client's own id of the message: the delivered message carries it, so it can be shown before its acknowledgement. */
  readonly cid: string;
}

/** A publish that is not acknowledged yet. */
export interface PendingPublish {
  readonly room: string;
  readonly cid: string;
  readonly data: unknown;
  /** Key in a latest-value room. */
  readonly key?: string;
  /** When it was published, milliseconds since 1970. */
  readonly at: number;
}

/** JSON text of the body of a `pub`; `undefined` when the data has no JSON form. */
export function bodyOf(
  room: string,
  cid: string,
  data: unknown,
  { key, notify, traceparent }: PublishOptions,
): string | undefined {
  try {
    // Undefined and functions would silently be left out of the line.
    if (JSON.stringify(data) === undefined) return undefined;
    return JSON.stringify({ room, cid, data, k: key, notify, tp: traceparent });
  } catch {
    return undefined;
  }
}

/** The same body for a resend, `age` ms after it was first sent. */
export function resendOf(body: string, age: number): string {
  return `${body.slice(0, -1)},"re":${age}}`;
}

/** A stored publish as the application sees it. */
export function pendingOf(inst: string, { room, n, body, at }: StoredPublish): PendingPublish {
  const { data, k } = JSON.parse(body) as { data: unknown; k?: string };
  return { room, cid: formatCid(inst, n), data, ...(k !== undefined && { key: k }), at };
}
