import { z } from 'zod';
import { fromJson, toJson, type Json } from './json.ts';
import { isMessageId, type Position } from './position.ts';
import { isRoomName, isUserId } from './room.ts';

const room = z.string().refine(isRoomName).describe('The room.');
const user = z.string().refine(isUserId);
const id = z.string().refine(isMessageId);
const milliseconds = z.number().int().nonnegative();
const logged = milliseconds.describe('When the log took it: the time members see.');
const at = milliseconds.describe(
  'When it happened. Of two events that contradict each other the one with the later time is true.',
);
const sender = user.describe('The sender.');
const cid = z.string().describe('The sender’s own id of the message.');
const member = user.describe('Who.');

/** Outcomes in `<p>.events`, for other services. Key of the record: the room, for user.* the user. */
export const EventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message.accepted'),
    room,
    id: id.describe('Id of the message.'),
    p: z
      .string()
      .describe(
        'Id of the previous message of the room; before the first one where the room begins (empty, or a position), `?` where it is not known.',
      ),
    user: sender,
    cid,
    at: logged,
    data: z.unknown().describe('The message.'),
    k: z.string().optional().describe('Key in a latest-value room.'),
    notify: z
      .array(user)
      .optional()
      .describe('Users to reach by a notification when they are not connected.'),
    tp: z.string().optional().describe('W3C traceparent.'),
  }),
  z.object({
    type: z.literal('message.rejected'),
    room,
    id: id.describe('Place in the log; no member ever sees it.'),
    user: sender,
    cid,
    at: logged,
    code: z.number().int().describe('Error code of the protocol.'),
    msg: z.string().describe('Why, for people.'),
  }),
  z.object({ type: z.literal('member.joined'), room, user: member, at }),
  z.object({ type: z.literal('member.left'), room, user: member, at }),
  z.object({ type: z.literal('user.online'), user: member, at }),
  z.object({ type: z.literal('user.offline'), user: member, at }),
  z.object({
    type: z.literal('message.read'),
    room,
    user: member,
    id: id.describe('The newest message that was read.'),
    at,
  }),
]);

/** An outcome in `<p>.events`. */
export type PlatformEvent = z.infer<typeof EventSchema>;

/** Writes an event as a record of `<p>.events`. */
export function encodeEvent(event: PlatformEvent): { key: string; value: Json } {
  return { key: 'room' in event ? event.room : event.user, value: toJson(event) };
}

/** An event `message.accepted` whose data is serialised already, as in a decoded record. */
export interface AcceptedParts {
  readonly room: string;
  readonly id: Position;
  /** See `p` of the event. */
  readonly p: Position;
  readonly user: string;
  readonly cid: string;
  readonly at: number;
  readonly data: Json;
  readonly k?: string | undefined;
  readonly notify?: readonly string[] | undefined;
  readonly tp?: string | undefined;
}

/**
 * {@link encodeEvent} of a `message.accepted`, without serialising the data once more. Room, ids, user and `cid` are of
 * alphabets that need no JSON escape, so they are put in as they are.
 */
export function encodeAccepted(parts: AcceptedParts): { key: string; value: Json } {
  const { room, id, p, user, cid, at, data } = parts;
  const k = parts.k === undefined ? '' : `,"k":${toJson(parts.k)}`;
  const notify = parts.notify === undefined ? '' : `,"notify":${toJson(parts.notify)}`;
  const tp = parts.tp === undefined ? '' : `,"tp":"${parts.tp}"`;
  const value = `{"type":"message.accepted","room":"${room}","id":"${id}","p":"${p}","user":"${user}","cid":"${cid}","at":${at},"data":${data}${k}${notify}${tp}}`;
  return { key: room, value: value as Json };
}

/** Reads the value of a record of `<p>.events`; `undefined` for a type this version does not know. */
export function decodeEvent(value: string): PlatformEvent | undefined {
  return EventSchema.safeParse(fromJson(value)).data;
}
