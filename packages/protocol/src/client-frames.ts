import { z } from 'zod';
import { isInstanceId, parseCid } from './cid.ts';
import { isWithinDepth, toJson } from './json.ts';
import { Limits } from './limits.ts';
import { isMessageId, isPosition } from './position.ts';
import { isRoomName, isUserId } from './room.ts';
import { TRACEPARENT } from './trace.ts';

const room = z.string().refine(isRoomName, {
  error: 'must be a room name: 1-128 characters of [A-Za-z0-9_.:@-], or @ and a user id',
});
const position = z.string().refine(isPosition, {
  error: 'must be a position: 20 characters of base 36 as received, or an empty string',
});
const messageId = z.string().refine(isMessageId, { error: 'must be a message id as received' });
const token = z.string().min(1).max(Limits.tokenBytes);
const flag = z.boolean();

/** What a member wants to be told about. */
export const ClassSchema = z.enum(['msg', 'presence', 'receipt', 'typing']);
const classes = z
  .array(ClassSchema)
  .max(ClassSchema.options.length)
  .default([...ClassSchema.options]);
const joinLimit = z.number().int().min(0).max(Limits.historyMessages).optional();
const pageSize = z.number().int().min(1).max(Limits.historyMessages).default(Limits.historyMessages);

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
    token: token.optional(),
    inst: z.string().refine(isInstanceId, { error: 'must be 16-32 characters of [A-Za-z0-9_-]' }),
    resume: z.string().max(1024).optional(),
    rooms: z
      .record(room, z.object({ pos: position.optional(), limit: joinLimit, classes }))
      .refine((rooms) => Object.keys(rooms).length <= Limits.roomsPerConnection, {
        error: `must name at most ${Limits.roomsPerConnection} rooms`,
      })
      .optional(),
    caps: z.array(z.string().max(32)).max(16).default([]),
    sdk: z.string().max(128).default(''),
  }),
  refresh: z.object({ token }),
  join: z.object({ room, pos: position.optional(), limit: joinLimit, classes }),
  leave: z.object({ room }),
  pub: z.object({
    room,
    cid: z.string().refine((text) => parseCid(text) !== undefined, {
      error: 'must be <inst>.<n>: 16-32 characters of [A-Za-z0-9_-], a dot, an integer from 1',
    }),
    data: json,
    k: z.string().min(1).max(Limits.keyLength).optional(),
    /** Milliseconds since it was first sent; on every resend, and only there. */
    re: z.number().int().nonnegative().optional(),
    notify: z
      .array(z.string().refine(isUserId, { error: 'must be a user id: 1-127 characters of [A-Za-z0-9_.-]' }))
      .max(Limits.notifyUsers)
      .optional(),
    tp: z.string().regex(TRACEPARENT).optional(),
  }),
  sync: z.object({ room, from: position, max: pageSize }),
  hist: z.object({ room, before: messageId, max: pageSize }),
  ack: z.object({ r: positions }),
  read: z.object({ r: positions }),
  typing: z.object({ room, on: flag }),
  who: z.object({
    room,
    after: z.string().max(256).optional(),
    max: z.number().int().min(1).max(Limits.whoUsers).default(Limits.whoUsers),
  }),
  set: z.object({
    info: json.refine((value) => value === undefined || toJson(value).length <= Limits.infoBytes, {
      error: `must be at most ${Limits.infoBytes} bytes of JSON`,
    }),
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
