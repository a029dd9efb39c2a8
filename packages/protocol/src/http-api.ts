import { z } from 'zod';
import { OperationSchemas } from './client-frames.ts';
import { ErrorCodes, errorRow, protocolError, type ErrorCode, type ProtocolError } from './errors.ts';
import { fieldMessage, messageOf } from './field-message.ts';
import { HistReplySchema, WhoReplySchema } from './gateway-frames.ts';
import { Limits } from './limits.ts';
import { isRoomName, isUserId } from './room.ts';

/** Where the HTTP API begins, on the port of the clients. */
export const HTTP_API_PREFIX = '/api/v1';
/** Media type of every refusal (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** How long a message is recognised by its `Idempotency-Key`, ms: the window of de-duplication. */
export const IDEMPOTENCY_WINDOW_MS = Limits.resendWindowMs;

/** HTTP status of a refusal by the protocol's code. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  100: 500,
  101: 401,
  102: 404,
  103: 403,
  104: 404,
  106: 409,
  107: 400,
  109: 401,
  111: 429,
  112: 410,
  114: 503,
  115: 503,
  116: 413,
  118: 409,
  119: 409,
};

/** The HTTP status that goes with an error code; what may be sent again later is 503 where nothing else is said. */
export function httpStatusOf({ code, retry }: ProtocolError): number {
  if (code === 101 && retry) return 503;
  return STATUS[code as ErrorCode] ?? (retry ? 503 : 400);
}

/** Body of every refusal: a problem document with the code, and the meaning, of the protocol's table of errors. */
export const ProblemSchema = z.object({
  type: z.string().describe('Names the kind of problem: `urn:chatplatform:error:<code>`.'),
  title: z.string().describe('Name of the code.'),
  status: z.number().int().describe('The HTTP status again.'),
  detail: z.string().describe('What exactly was wrong.'),
  code: z.number().int().describe('Number in the table of errors of cp1.'),
  retry: z.boolean().describe('May the same request be sent again?'),
  after: z.number().nonnegative().optional().describe('Milliseconds to wait before the next try.'),
});
/** Body of every refusal. */
export type Problem = z.infer<typeof ProblemSchema>;

/** The problem document of an error. @param status - where HTTP has a finer word than the code's usual status */
export function problemOf(err: ProtocolError, status: number = httpStatusOf(err)): Problem {
  return {
    type: `urn:chatplatform:error:${err.code}`,
    title: errorRow(err.code)?.name ?? ErrorCodes[100].name,
    status,
    detail: err.msg,
    code: err.code,
    retry: err.retry,
    ...(err.after !== undefined && { after: err.after }),
  };
}

const time = z.number().int().nonnegative();
const room = z.string().refine(isRoomName, { error: 'must be a room name' });
const user = z.string().refine(isUserId, {
  error: 'must be a user id: 1-127 characters of [A-Za-z0-9_.-], as members see it',
});

/** Numbers of a query string arrive as text. */
const pageSize = (max: number, value: number) => z.coerce.number().int().min(1).max(max).default(value);

/** Printable ASCII; the same limit as the widespread implementations of the header have. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
/** Characters of a token's id: identity providers use UUIDs or short random texts. */
const JTI_MAX = 256;
/** Characters of a subject; one that has no user id is refused anyway. */
const SUB_MAX = 256;

const PublishBody = OperationSchemas.pub.pick({ data: true, k: true, notify: true });

/** The message is in the log. */
const Published = z.object({
  id: z
    .string()
    .optional()
    .describe('Id under which members receive it; left out where the gateway cannot be sure of it.'),
  cid: z.string().describe('Tells the message apart in pushes and histories even where `id` is not known.'),
  ts: time.describe('When the log took it, ms since 1970.'),
  dup: z.boolean().describe('It was in the log already.'),
});

const RevokeBody = z
  .object({
    jti: z.string().min(1).max(JTI_MAX).optional().describe('Revokes the one token with this `jti`.'),
    sub: z
      .string()
      .min(1)
      .max(SUB_MAX)
      .optional()
      .describe('Revokes the tokens of this subject: the `sub` of its tokens, as it stands there.'),
    before: time
      .optional()
      .describe('Only tokens issued (`iat`) before this moment, ms since 1970; now when left out.'),
    until: time
      .optional()
      .describe(
        'How long the revocation is kept, ms since 1970: no shorter than the tokens live. 30 days when left out.',
      ),
  })
  .refine(({ jti, sub }) => (jti === undefined) !== (sub === undefined), {
    error: 'must name exactly one of jti and sub',
  })
  .refine(({ jti, before }) => jti === undefined || before === undefined, {
    error: 'before belongs to sub, not to jti',
  });

/** One answer of an operation. */
export interface HttpAnswerSchema {
  readonly description: string;
  /** Absent: the answer has no body. */
  readonly schema?: z.ZodType;
}

/** One operation of the HTTP API: what its handler reads, and what it may answer. */
export interface HttpOperation {
  readonly method: 'GET' | 'POST';
  /** Below {@link HTTP_API_PREFIX}; `{name}` is one segment. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, { description: string; schema: z.ZodType }>>;
  readonly body?: z.ZodType;
  readonly answers: Readonly<Record<number, HttpAnswerSchema>>;
  /** Statuses of problem documents beside those every operation may answer. */
  readonly problems: readonly number[];
}

/** Statuses of problem documents that every operation may answer. */
export const COMMON_PROBLEMS = [400, 401, 403, 413, 415, 429, 500, 503] as const;

/** The HTTP API: for backends that reach people without holding a socket. */
export const HttpApi = {
  postMessage: {
    method: 'POST',
    path: '/rooms/{room}/messages',
    summary: 'Publish a message',
    description:
      'Needs the right `publish` on the room. The answer comes when the message is durable in the log. Sent again with the same `Idempotency-Key`, to any gateway, it is published once.',
    parameters: z.object({ room }),
    headers: {
      'Idempotency-Key': {
        description:
          'Names this publish of this user for 24 h: 1-255 printable ASCII characters, such as a UUID. Without it a repeated request is a second message.',
        schema: z.string().regex(IDEMPOTENCY_KEY, {
          error: 'must be 1-255 printable ASCII characters without spaces',
        }),
      },
      traceparent: {
        description: 'W3C trace context; travels with the message as `tp`.',
        schema: OperationSchemas.pub.shape.tp.unwrap(),
      },
    },
    body: PublishBody,
    answers: {
      201: { description: 'Published.', schema: Published },
      200: { description: 'It was published before, by a request with the same key.', schema: Published },
    },
    problems: [409, 422],
  },
  getMessages: {
    method: 'GET',
    path: '/rooms/{room}/messages',
    summary: 'Read the history of a room',
    description:
      'Needs the right `history` on the room. Ascending; without `before` the newest messages. `more`: older ones exist, ask with `before` = the first id received. In a latest-value room: the value of every key.',
    parameters: z.object({ room }),
    query: z.object({
      before: OperationSchemas.hist.shape.before.optional(),
      max: pageSize(Limits.historyMessages, Limits.joinMessages),
    }),
    answers: { 200: { description: 'A page of messages.', schema: HistReplySchema } },
    problems: [410],
  },
  getPresence: {
    method: 'GET',
    path: '/rooms/{room}/presence',
    summary: 'Read who is in a room',
    description:
      'Needs the right `presence` on the room. In order of user ids; `next` is the `after` of the next page, and missing on the last one.',
    parameters: z.object({ room }),
    query: z.object({
      after: OperationSchemas.who.shape.after,
      max: pageSize(Limits.whoUsers, Limits.whoUsers),
    }),
    answers: { 200: { description: 'A page of users.', schema: WhoReplySchema } },
    problems: [404],
  },
  disconnectUser: {
    method: 'POST',
    path: '/users/{user}/disconnect',
    summary: 'Disconnect a user',
    description:
      'Needs the right `admin` on the personal room `@{user}`. Every connection of the user, on every gateway, is closed with 3011 within 2 s; clients reconnect, with the rights of their token at that time. To keep somebody out, revoke the tokens.',
    parameters: z.object({ user }),
    answers: { 204: { description: 'Ordered.' } },
    problems: [],
  },
  revokeTokens: {
    method: 'POST',
    path: '/tokens/revoke',
    summary: 'Revoke tokens',
    description:
      'One token by `jti`, or all tokens of a subject that were issued before a moment (tokens without `iat` are taken as older). Needs the right `admin` on the personal room of the subject; for `jti` on all personal rooms (`"@**": ["admin"]`). Within 2 s every gateway closes their connections with 3507 and refuses them.',
    parameters: z.object({}),
    body: RevokeBody,
    answers: { 204: { description: 'Revoked.' } },
    problems: [],
  },
} as const satisfies Record<string, HttpOperation>;

/** Name of an operation of the HTTP API. */
export type HttpOperationName = keyof typeof HttpApi;

/** What a client sent, as an operation's schema reads it, or what is wrong with it. @param name - what `value` is, for the message */
export function readInput<S extends z.ZodType>(
  schema: S,
  name: string,
  value: unknown,
): { ok: true; value: z.output<S> } | { ok: false; err: ProtocolError } {
  const parsed = schema.safeParse(value, { error: messageOf });
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, err: protocolError(107, fieldMessage(name, parsed.error)) };
}
