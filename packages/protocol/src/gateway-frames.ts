import { z } from 'zod';

const time = z.number().int().nonnegative();
const window = z.tuple([z.number().nonnegative(), z.number().nonnegative()]).readonly();
const roomName = z.string().describe('The room.');
const occupancy = z.number().int().nonnegative().describe('Users in the room now; 0 where presence is off.');

/** The `err` of a reply. */
export const ErrorSchema = z.object({
  code: z.number().int().describe('Number of the error, see the table of errors.'),
  msg: z.string().describe('What exactly was wrong, for people.'),
  retry: z.boolean().describe('May the same request be sent again?'),
  after: z.number().nonnegative().optional().describe('Milliseconds to wait before the next try.'),
});

/** A message, as pushed in `m` and inside `msgs`. */
export const MessageSchema = z.object({
  r: roomName,
  id: z.string().describe('Id of the message: its position.'),
  p: z
    .string()
    .describe(
      "Id of the room's previous message; before the first one where the room begins (an empty string, or a position), `?` when unknown.",
    ),
  u: z.string().describe('User id of the sender.'),
  cid: z.string().describe("The sender's `cid`."),
  t: time.describe('When it entered the log, milliseconds since 1970.'),
  d: z.unknown().describe('The `data` of the publish.'),
  tp: z
    .string()
    .optional()
    .describe('W3C traceparent: the one of the publish, or that of the trace a gateway began for it.'),
});

/** The value of a key in a latest-value room, as pushed in `v` and inside `msgs`; `d` is null for a deleted key. */
export const ValueSchema = z.object({
  r: roomName,
  k: z.string().describe('The key.'),
  id: z.string().describe('Position of this value: a higher one replaces a lower one.'),
  t: time.describe('When it entered the log, milliseconds since 1970.'),
  d: z.unknown().describe('The value; `null` = the key is gone.'),
});

/** Why a catch-up is not complete. */
export const UnrecoveredSchema = z.enum(['epoch', 'expired', 'busy', 'unverified']);

const continuity = {
  head: z
    .string()
    .describe(
      'Newest position of the room; while it has no message where it begins: an empty string, or a position.',
    ),
  msgs: z
    .array(z.union([MessageSchema, ValueSchema]))
    .describe('Messages, ascending: with the fields of `m`, in a latest-value room of `v`.'),
  more: z
    .boolean()
    .describe('With a position asked: newer ones remain up to `head`. Otherwise: older ones exist.'),
  recovered: z.boolean().describe('False: what lies between the position and `msgs` is not complete.'),
  reason: UnrecoveredSchema.optional().describe('Why `recovered` is false.'),
};

/** Reply to `join`. */
export const JoinReplySchema = z.object({ ...continuity, occ: occupancy });
/** Reply to `sync`. */
export const SyncReplySchema = z.object(continuity);
/** Reply to `hist`. */
export const HistReplySchema = z.object({
  msgs: continuity.msgs,
  more: z.boolean().describe('Older ones exist.'),
});

/** Limits a gateway publishes in the reply to `hello`. */
export const PublishedLimitsSchema = z.object({
  frameBytes: z.number().int().positive().describe('Bytes of a frame.'),
  rooms: z.number().int().positive().describe('Rooms of this connection.'),
  connections: z.number().int().positive().describe('Connections of this user, on all gateways.'),
  requestsPerSecond: z.number().positive().describe('Requests of this connection.'),
  requestBurst: z.number().positive().describe('Requests that may come at once.'),
  recoveryBurst: z.number().positive().describe('`join` and `sync` that may come beyond that.'),
  publishesPerSecond: z.number().positive().describe('Publishes of this user.'),
  publishBurst: z.number().positive().describe('Publishes that may come at once.'),
  roomPublishesPerSecond: z.number().positive().describe('Publishes into one room.'),
});

/** Reply to `hello`. */
export const HelloReplySchema = z.object({
  sid: z.string().describe('Id of the session.'),
  user: z.string().describe('User id: the `sub` of the token, escaped.'),
  resumed: z.boolean().describe('Was the session of `resume` kept?'),
  resume: z.string().describe('Token that keeps the session over the next reconnect.'),
  ping: z.number().positive().describe('Milliseconds between pings.'),
  pongWait: z.number().positive().describe('Milliseconds of grace after a ping.'),
  limits: PublishedLimitsSchema.describe('Limits that hold for this connection.'),
  gateway: z.string().describe('Which gateway this is, for the logs.'),
  exp: time.describe('When the token ends, milliseconds since 1970.'),
  rooms: z
    .record(z.string(), z.union([JoinReplySchema, z.object({ err: ErrorSchema })]))
    .optional()
    .describe('For every room of the request: the reply to its join, or why it was not joined.'),
});

/** Reply to `refresh`. */
export const RefreshReplySchema = z.object({
  exp: time.describe('When the new token ends, milliseconds since 1970.'),
});
/** Reply to `leave`, `read` and `set`. */
export const EmptyReplySchema = z.object({});
/** Reply to `pub`: the message is in the log. `id` is missing only for a duplicate whose id is no longer known. */
export const PubReplySchema = z.object({
  id: z
    .string()
    .optional()
    .describe('Id under which members receive it; left out where the gateway cannot be sure.'),
  ts: time.describe('When it entered the log, milliseconds since 1970.'),
  dup: z.boolean().describe('It was in the log already.'),
});
/** Reply to `who`. */
export const WhoReplySchema = z.object({
  users: z
    .array(
      z.object({
        u: z.string().describe('User id.'),
        dev: z.number().int().positive().describe('Connections of the user.'),
        since: time.describe('Since when, milliseconds since 1970.'),
        info: z.unknown().optional().describe('What the user set.'),
      }),
    )
    .describe('Users, in the order of their ids.'),
  occ: occupancy,
  next: z.string().optional().describe('Pass as `after` for the next page; missing on the last one.'),
});

const watermarks = z.record(z.string(), z.string()).optional();

/** Bodies of the pushes. */
export const PushSchemas = {
  m: MessageSchema,
  v: ValueSchema,
  pr: z.object({
    r: roomName,
    join: z.array(z.string()).optional().describe('Users who came.'),
    leave: z.array(z.string()).optional().describe('Users who left.'),
    occ: occupancy,
  }),
  rj: z.object({
    r: roomName,
    id: z.string().describe('Position of the refused message.'),
    cid: z.string().describe('Its `cid`.'),
    code: z.number().int().describe('Number of the error, see the table of errors.'),
    msg: z.string().describe('Why, for people.'),
  }),
  rc: z.object({
    r: roomName,
    delivered: watermarks.describe('Newest delivered message by user.'),
    read: watermarks.describe('Newest read message by user.'),
  }),
  ty: z.object({
    r: roomName,
    u: z.string().describe('User id.'),
    on: z.boolean().describe('Typing began or goes on, or it ended.'),
  }),
  drain: z.object({
    after: window.describe('Milliseconds from now, from and to: reconnect at a random time inside.'),
    deadline: z.number().nonnegative().describe('Milliseconds from now: the old socket is closed by then.'),
    resume: z.string().describe('What to send as `resume`.'),
    reason: z.string().describe('Why, for the logs.'),
  }),
  degraded: z.object({
    parts: z
      .array(z.enum(['history', 'presence', 'publish']))
      .describe('What does not work now; empty = everything works again.'),
    since: time.optional().describe('Since when, milliseconds since 1970.'),
  }),
  bye: z.object({
    code: z.number().int().describe('Code of the close frame that follows.'),
    msg: z.string().describe('Why, for people.'),
    reconnect: z.boolean().describe('May the client reconnect by itself?'),
    after: window
      .optional()
      .describe('Milliseconds from now, from and to: reconnect at a random time inside.'),
  }),
} as const;

/** Bodies of the replies, by operation. */
export const ReplySchemas = {
  hello: HelloReplySchema,
  refresh: RefreshReplySchema,
  join: JoinReplySchema,
  leave: EmptyReplySchema,
  pub: PubReplySchema,
  sync: SyncReplySchema,
  hist: HistReplySchema,
  read: EmptyReplySchema,
  who: WhoReplySchema,
  set: EmptyReplySchema,
} as const;

export type MessagePush = z.infer<typeof MessageSchema>;
export type ValuePush = z.infer<typeof ValueSchema>;
export type PresencePush = z.infer<(typeof PushSchemas)['pr']>;
export type RejectPush = z.infer<(typeof PushSchemas)['rj']>;
export type ReceiptPush = z.infer<(typeof PushSchemas)['rc']>;
export type TypingPush = z.infer<(typeof PushSchemas)['ty']>;
export type DrainPush = z.infer<(typeof PushSchemas)['drain']>;
export type DegradedPush = z.infer<(typeof PushSchemas)['degraded']>;
export type ByePush = z.infer<(typeof PushSchemas)['bye']>;
export type Unrecovered = z.infer<typeof UnrecoveredSchema>;
export type DegradedPart = DegradedPush['parts'][number];
export type PublishedLimits = z.infer<typeof PublishedLimitsSchema>;
export type HelloReply = z.infer<typeof HelloReplySchema>;
export type JoinReply = z.infer<typeof JoinReplySchema>;
export type SyncReply = z.infer<typeof SyncReplySchema>;
export type HistReply = z.infer<typeof HistReplySchema>;
export type PubReply = z.infer<typeof PubReplySchema>;
export type RefreshReply = z.infer<typeof RefreshReplySchema>;
export type WhoReply = z.infer<typeof WhoReplySchema>;

/** Body of each push by its name. */
export type PushBodies = { [Name in keyof typeof PushSchemas]: z.infer<(typeof PushSchemas)[Name]> };
/** Body of each reply by its operation. */
export type ReplyBodies = { [Op in keyof typeof ReplySchemas]: z.infer<(typeof ReplySchemas)[Op]> };
/** One push: an object with exactly one of the names of {@link PushBodies}. */
export type GatewayPush = {
  [Name in keyof PushBodies]: { [Key in Name]: PushBodies[Name] };
}[keyof PushBodies];
