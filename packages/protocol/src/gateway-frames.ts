import { z } from 'zod';

const time = z.number().int().nonnegative();
const window = z.tuple([z.number().nonnegative(), z.number().nonnegative()]).readonly();

/** The `err` of a reply. */
export const ErrorSchema = z.object({
  code: z.number().int(),
  msg: z.string(),
  retry: z.boolean(),
  /** Milliseconds to wait before the next try. */
  after: z.number().nonnegative().optional(),
});

/** A message, as pushed in `m` and inside `msgs`. */
export const MessageSchema = z.object({
  r: z.string(),
  id: z.string(),
  p: z.string(),
  u: z.string(),
  cid: z.string(),
  t: time,
  d: z.unknown(),
  tp: z.string().optional(),
});

/** The value of a key in a latest-value room, as pushed in `v` and inside `msgs`; `d` is null for a deleted key. */
export const ValueSchema = z.object({
  r: z.string(),
  k: z.string(),
  id: z.string(),
  t: time,
  d: z.unknown(),
});

/** Why a catch-up is not complete. */
export const UnrecoveredSchema = z.enum(['epoch', 'expired', 'busy', 'unverified']);

const continuity = {
  head: z.string(),
  msgs: z.array(z.union([MessageSchema, ValueSchema])),
  more: z.boolean(),
  recovered: z.boolean(),
  reason: UnrecoveredSchema.optional(),
};

/** Reply to `join`. */
export const JoinReplySchema = z.object({ ...continuity, occ: z.number().int().nonnegative() });
/** Reply to `sync`. */
export const SyncReplySchema = z.object(continuity);
/** Reply to `hist`. */
export const HistReplySchema = z.object({ msgs: continuity.msgs, more: z.boolean() });

/** Limits a gateway publishes in the reply to `hello`. */
export const PublishedLimitsSchema = z.object({
  frameBytes: z.number().int().positive(),
  rooms: z.number().int().positive(),
  requestsPerSecond: z.number().positive(),
  requestBurst: z.number().positive(),
  recoveryBurst: z.number().positive(),
  publishesPerSecond: z.number().positive(),
  publishBurst: z.number().positive(),
  roomPublishesPerSecond: z.number().positive(),
});

/** Reply to `hello`. */
export const HelloReplySchema = z.object({
  sid: z.string(),
  user: z.string(),
  /** Was the session of `resume` kept? */
  resumed: z.boolean(),
  /** Token that keeps the session over the next reconnect. */
  resume: z.string(),
  /** Milliseconds between pings. */
  ping: z.number().positive(),
  /** Milliseconds of grace after a ping. */
  pongWait: z.number().positive(),
  limits: PublishedLimitsSchema,
  gateway: z.string(),
  /** When the token ends, milliseconds since 1970. */
  exp: time,
  rooms: z.record(z.string(), z.union([JoinReplySchema, z.object({ err: ErrorSchema })])).optional(),
});

/** Reply to `refresh`. */
export const RefreshReplySchema = z.object({ exp: time });
/** Reply to `leave`, `read` and `set`. */
export const EmptyReplySchema = z.object({});
/** Reply to `pub`: the message is in the log. `id` is missing only for a duplicate whose id is no longer known. */
export const PubReplySchema = z.object({ id: z.string().optional(), ts: time, dup: z.boolean() });
/** Reply to `who`. */
export const WhoReplySchema = z.object({
  users: z.array(
    z.object({ u: z.string(), dev: z.number().int().positive(), since: time, info: z.unknown().optional() }),
  ),
  occ: z.number().int().nonnegative(),
  /** Pass as `after` for the next page; missing on the last one. */
  next: z.string().optional(),
});

const watermarks = z.record(z.string(), z.string()).optional();

/** Bodies of the pushes. */
export const PushSchemas = {
  m: MessageSchema,
  v: ValueSchema,
  pr: z.object({
    r: z.string(),
    join: z.array(z.string()).optional(),
    leave: z.array(z.string()).optional(),
    occ: z.number().int().nonnegative(),
  }),
  rj: z.object({ r: z.string(), id: z.string(), cid: z.string(), code: z.number().int(), msg: z.string() }),
  rc: z.object({ r: z.string(), delivered: watermarks, read: watermarks }),
  ty: z.object({ r: z.string(), u: z.string(), on: z.boolean() }),
  drain: z.object({
    /** Milliseconds from now: reconnect somewhere inside. */
    after: window,
    /** Milliseconds from now: the old socket is closed by then. */
    deadline: z.number().nonnegative(),
    resume: z.string(),
    reason: z.string(),
  }),
  degraded: z.object({
    parts: z.array(z.enum(['history', 'presence', 'publish'])),
    since: time.optional(),
  }),
  bye: z.object({
    code: z.number().int(),
    msg: z.string(),
    reconnect: z.boolean(),
    after: window.optional(),
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
