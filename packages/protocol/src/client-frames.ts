import { z } from 'zod';
import { isInstanceId, parseCid } from './cid.ts';
import { isWithinDepth, toJson } from './json.ts';
import { Limits } from './limits.ts';
import { isMessageId, isPosition } from './position.ts';
import { isRoomName, isUserId } from './room.ts';
import { TRACEPARENT } from './trace.ts';

const room = z
  .string()
  .refine(isRoomName, {
    error: 'must be a room name: 1-128 characters of [A-Za-z0-9_.:@-], or @ and a user id',
  })
  .describe('Name of the room.');
const position = z.string().refine(isPosition, {
  error: 'must be a position: 20 characters of base 36 as received, or an empty string',
});
const messageId = z.string().refine(isMessageId, { error: 'must be a message id as received' });
const token = z
  .string()
  .min(1)
  .max(Limits.tokenBytes)
  .describe('The JWT, as the identity provider issued it.');
const flag = z.boolean();

const POSITION =
  'Newest message the client has; left out = it wants the newest ones; an empty string = from the first one.';

/** What a member wants to be told about. */
export const ClassSchema = z.enum(['msg', 'presence', 'receipt', 'typing']);
const classes = z
  .array(ClassSchema)
  .max(ClassSchema.options.length)
  .default([...ClassSchema.options])
  .describe('What to be told about besides replies; everything when left out.');
const joinLimit = z
  .number()
  .int()
  .min(0)
  .max(Limits.historyMessages)
  .optional()
  .describe(
    `Most messages of the reply: ${Limits.joinMessages} without a position, ${Limits.historyMessages} with one, when left out.`,
  );
const pageSize = z
  .number()
  .int()
  .min(1)
  .max(Limits.historyMessages)
  .default(Limits.historyMessages)
  .describe('Most messages of the reply.');

const positions = z
  .record(room, messageId)
  .refine((rooms) => Object.keys(rooms).length <= Limits.roomsPerConnection, {
    error: `must name at most ${Limits.roomsPerConnection} rooms`,
  });

const json = z
  .unknown()
  .refine((value) => value !== undefined, { error: 'is missing' })
  .refine((value) => isWithinDepth(value, Limits.dataDepth), {
    error: `must nest at most ${Limits.dataDepth} levels`,
  });

/** Bodies of the operations, as a gateway reads them. Fields that are not named here are ignored. */
export const OperationSchemas = {
  hello: z.object({
    token: token
      .optional()
      .describe('The JWT. Left out where it came in the `Authorization` header or the subprotocol list.'),
    inst: z
      .string()
      .refine(isInstanceId, { error: 'must be 16-32 characters of [A-Za-z0-9_-]' })
      .describe('Random id of this client instance, the same as long as its unacknowledged messages live.'),
    resume: z
      .string()
      .max(1024)
      .optional()
      .describe(
        '`resume` of the last reply to `hello` or of `drain`: keeps the session, so that nobody sees a leave.',
      ),
    rooms: z
      .record(room, z.object({ pos: position.optional().describe(POSITION), limit: joinLimit, classes }))
      .refine((rooms) => Object.keys(rooms).length <= Limits.roomsPerConnection, {
        error: `must name at most ${Limits.roomsPerConnection} rooms`,
      })
      .optional()
      .describe('Rooms to join, by name, each as in `join`; answered in the one reply.'),
    caps: z
      .array(z.string().max(32))
      .max(16)
      .default([])
      .describe('What this client can do: `mbb` = it opens a new socket before it gives up the old one.'),
    sdk: z.string().max(128).default('').describe('Name and version of the client, for the logs.'),
  }),
  refresh: z.object({ token }),
  join: z.object({ room, pos: position.optional().describe(POSITION), limit: joinLimit, classes }),
  leave: z.object({ room }),
  pub: z.object({
    room,
    cid: z
      .string()
      .refine((text) => parseCid(text) !== undefined, {
        error: 'must be <inst>.<n>: 16-32 characters of [A-Za-z0-9_-], a dot, an integer from 1',
      })
      .describe('`<inst>.<n>`: the `inst` of the hello, and a number that rises by 1 per room.'),
    data: json.describe('The message: any JSON value. `null` deletes the key in a latest-value room.'),
    k: z
      .string()
      .min(1)
      .max(Limits.keyLength)
      .optional()
      .describe('Key of the value; required in a latest-value room, ignored in others.'),
    re: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe('Milliseconds since it was first sent; on every resend, and only there.'),
    notify: z
      .array(z.string().refine(isUserId, { error: 'must be a user id: 1-127 characters of [A-Za-z0-9_.-]' }))
      .max(Limits.notifyUsers)
      .optional()
      .describe('Users to reach by a notification when they are not connected.'),
    tp: z.string().regex(TRACEPARENT).optional().describe('W3C traceparent; travels with the message.'),
  }),
  sync: z.object({ room, from: position.describe('The last position that was applied.'), max: pageSize }),
  hist: z.object({ room, before: messageId.describe('The oldest message at hand.'), max: pageSize }),
  ack: z.object({ r: positions.describe('Newest message delivered, by room. Cumulative.') }),
  read: z.object({ r: positions.describe('Newest message read, by room. Cumulative.') }),
  typing: z.object({ room, on: flag.describe('Typing began or goes on, or it ended.') }),
  who: z.object({
    room,
    after: z.string().max(256).optional().describe('`next` of the page before; left out for the first one.'),
    max: z
      .number()
      .int()
      .min(1)
      .max(Limits.whoUsers)
      .default(Limits.whoUsers)
      .describe('Most users of the reply.'),
  }),
  set: z.object({
    info: json
      .refine((value) => value === undefined || toJson(value).length <= Limits.infoBytes, {
        error: `must be at most ${Limits.infoBytes} bytes of JSON`,
      })
      .describe('Own status, shown to others in `who`; `null` removes it.'),
  }),
} as const;

/** Name of an operation. */
export type Operation = keyof typeof OperationSchemas;
/** Body of each operation as a gateway gets it, defaults filled in. */
export type OperationBodies = { [Op in Operation]: z.infer<(typeof OperationSchemas)[Op]> };
/** Body of each operation as a client may send it, defaults left out. */
export type OperationInputs = { [Op in Operation]: z.input<(typeof OperationSchemas)[Op]> };

/** Operations that get no reply. */
export const NOTICES = ['ack', 'typing'] as const;
/** Operation that gets no reply. */
export type Notice = (typeof NOTICES)[number];
/** Operation that gets a reply. */
export type RequestOperation = Exclude<Operation, Notice>;

/** What a member wants to be told about. */
export type RoomClass = z.infer<typeof ClassSchema>;
export type Hello = OperationBodies['hello'];
export type Join = OperationBodies['join'];
export type Publish = OperationBodies['pub'];
export type Sync = OperationBodies['sync'];
export type History = OperationBodies['hist'];
export type Who = OperationBodies['who'];
