import type { InRecord } from '@chatplatform/kafka';
import { decodeEvent, isPersonalRoom, userOfPersonalRoom } from '@chatplatform/protocol';

/** A message that somebody may have to be told about. */
export interface Notice {
  /** Message id. */
  readonly id: string;
  readonly room: string;
  readonly from: string;
  /** Log time of the message, ms. */
  readonly at: number;
  readonly data: unknown;
  /** Who is to hear of it when not connected. */
  readonly users: readonly string[];
  readonly record: InRecord;
}

/** What an event asks for: the users it names, and the owner of the personal room it is in. Nobody else: nothing. */
export function noticeOf(record: InRecord): Notice | undefined {
  const event = record.value === null ? undefined : decodeEvent(record.value.toString());
  if (event?.type !== 'message.accepted') return undefined;
  const { id, room, user: from, at, data, notify = [] } = event;
  const owner = isPersonalRoom(room) ? userOfPersonalRoom(room) : undefined;
  const users = new Set([...notify, ...(owner === undefined ? [] : [owner])]);
  // Who writes knows.
  users.delete(from);
  return users.size === 0 ? undefined : { id, room, from, at, data, users: [...users], record };
}
