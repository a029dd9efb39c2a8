import { z } from 'zod';
import { fromJson, toJson, type Json } from './json.ts';
import { isMessageId } from './position.ts';
import { isRoomName, isUserId } from './room.ts';

const room = z.string().refine(isRoomName);
const user = z.string().refine(isUserId);
const id = z.string().refine(isMessageId);
/** Milliseconds since 1970. */
const at = z.number().int().nonnegative();

/** Outcomes in `<p>.events`, for other services. Key of the record: the room, for user.* the user. */
export const EventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message.accepted'),
    room,
    id,
    /** Id of the previous message of the room, or `?`. */
    p: z.string(),
    user,
    cid: z.string(),
    at,
    data: z.unknown(),
    k: z.string().optional(),
    notify: z.array(user).optional(),
    tp: z.string().optional(),
  }),
  z.object({
    type: z.literal('message.rejected'),
    room,
    id,
    user,
    cid: z.string(),
    at,
    code: z.number().int(),
    msg: z.string(),
  }),
  z.object({ type: z.literal('member.joined'), room, user, at }),
  z.object({ type: z.literal('member.left'), room, user, at }),
  z.object({ type: z.literal('user.online'), user, at }),
  z.object({ type: z.literal('user.offline'), user, at }),
  z.object({ type: z.literal('message.read'), room, user, id, at }),
]);

/** An outcome in `<p>.events`. */
export type PlatformEvent = z.infer<typeof EventSchema>;

/** Writes an event as a record of `<p>.events`. */
export function encodeEvent(event: PlatformEvent): { key: string; value: Json } {
  return { key: 'room' in event ? event.room : event.user, value: toJson(event) };
}

/** Reads the value of a record of `<p>.events`; `undefined` for a type this version does not know. */
export function decodeEvent(value: string): PlatformEvent | undefined {
  return EventSchema.safeParse(fromJson(value)).data;
}
