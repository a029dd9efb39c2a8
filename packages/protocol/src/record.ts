import { z } from 'zod';
import { parseCid, senderKey, type ClientMessageId } from './cid.ts';
import { ORIGIN_HEADER, parsePlace } from './dead-letter.ts';
import { Limits } from './limits.ts';
import { fromJson, isWithinDepth, toJson, type Json } from './json.ts';
import { isRoomName, isUserId } from './room.ts';
import { TRACEPARENT } from './trace.ts';

/** Version of the record format of `<p>.messages`, in the header `v`. */
export const RECORD_VERSION = '1';

/** A message on its way into the log. */
export interface NewRecord {
  readonly room: string;
  /** `<inst>.<n>` of the sender. */
  readonly cid: string;
  /** User id of the sender, already escaped. */
  readonly user: string;
  /** Incarnation of the gateway that produces it; left out by other producers. */
  readonly gateway?: string | undefined;
  /** Session of the sender, to whom a later refusal goes; left out by other producers. */
  readonly sid?: string | undefined;
  readonly data: unknown;
  /** Key in a latest-value room. */
  readonly k?: string | undefined;
  readonly notify?: readonly string[] | undefined;
  /** Of a message that is sent again: ms since it was sent first. */
  readonly re?: number | undefined;
  /** W3C traceparent. */
  readonly tp?: string | undefined;
}

/** A record of `<p>.messages` as Kafka carries it. */
export interface EncodedRecord {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
}

/** What a consumer read. */
export interface RawRecord {
  readonly key: string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A message read from the log. */
export interface DecodedRecord {
  readonly room: string;
  readonly cid: ClientMessageId;
  /** Whom the `cid` is de-duplicated for: `<user>/<inst>`; one that comes from the dead letters for itself only. */
  readonly sender: string;
  readonly user: string;
  readonly gateway?: string;
  readonly sid?: string;
  readonly data: unknown;
  /** The data, serialised again: what a frame takes. */
  readonly json: Json;
  readonly k?: string;
  readonly notify?: string[];
  readonly tp?: string;
  /** Ms since the sender sent it first; absent when this is the first time, as far as the sender knows. */
  readonly re?: number;
  readonly sig?: string;
}

/** Why a record cannot be decoded. The same record gives the same code for ever. */
export type RecordErrorCode =
  | 'version'
  | 'key'
  | 'cid'
  | 'user'
  | 'value'
  | 'header'
  | 'size'
  | 'partition'
  | 'key-missing';

/** A record that is no message; never retryable, so it goes to the dead letters. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: RecordErrorCode;
  readonly retryable = false;

  constructor(code: RecordErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The value of a record of `<p>.messages`, as JSON. */
export const RecordValueSchema = z.object({
  d: z.unknown().describe('The message: any JSON value, at most 32 levels deep.'),
  k: z
    .string()
    .min(1)
    .max(Limits.keyLength)
    .optional()
    .describe('Key; needed in a latest-value room, only there.'),
  notify: z
    .array(z.string().refine(isUserId))
    .max(Limits.notifyUsers)
    .optional()
    .describe('Users to reach by a notification when they are not connected.'),
});

/** Writes a record of `<p>.messages`; the fields are taken as valid, the gateway has checked them. */
export function encodeRecord(message: NewRecord): EncodedRecord {
  const value = {
    d: message.data,
    ...(message.k !== undefined && { k: message.k }),
    ...(message.notify?.length && { notify: message.notify }),
  };
  return {
    key: message.room,
    value: toJson(value),
    headers: {
      v: RECORD_VERSION,
      cid: message.cid,
      u: message.user,
      ...(message.gateway !== undefined && { gw: message.gateway }),
      ...(message.sid !== undefined && { sid: message.sid }),
      ...(message.tp !== undefined && { tp: message.tp }),
      ...(message.re !== undefined && { re: String(message.re) }),
    },
  };
}

/** Reads a record of `<p>.messages`. Deterministic: depends on nothing but the record. */
export function decodeRecord(raw: RawRecord): DecodedRecord | RecordError {
  const head = decodeHead(raw);
  if (head instanceof RecordError) return head;
  const value = decodeValue(raw.value);
  if (value instanceof RecordError) return value;
  const { gw, sid, sig } = raw.headers;
  return {
    ...head,
    data: value.d,
    json: toJson(value.d),
    ...(gw !== undefined && { gateway: gw }),
    ...(sid !== undefined && { sid }),
    ...(value.k !== undefined && { k: value.k }),
    ...(value.notify !== undefined && { notify: value.notify }),
    ...(sig !== undefined && { sig }),
    ...aidsOf(raw.headers),
  };
}

/** Milliseconds, up to some thousand years. */
const RESENT_AFTER = /^\d{1,14}$/;

/** What only helps: ill-formed, it is left out, the message is not lost for it. */
function aidsOf({ tp, re }: RawRecord['headers']): Pick<DecodedRecord, 'tp' | 're'> {
  return {
    ...(tp !== undefined && TRACEPARENT.test(tp) && { tp }),
    ...(re !== undefined && RESENT_AFTER.test(re) && { re: Number(re) }),
  };
}

type Head = Pick<DecodedRecord, 'room' | 'cid' | 'sender' | 'user'>;

function decodeHead(raw: RawRecord): Head | RecordError {
  const { v, u } = raw.headers;
  if (v !== RECORD_VERSION) {
    return new RecordError('version', `header v is ${show(v)}; write "${RECORD_VERSION}"`);
  }
  const room = raw.key;
  if (room === null || !isRoomName(room)) {
    return new RecordError('key', `key ${show(room)} is not a room name; write the room as the key`);
  }
  const cid = parseCid(raw.headers['cid'] ?? '');
  if (!cid) {
    return new RecordError(
      'cid',
      `header cid is ${show(raw.headers['cid'])}; write <inst>.<n> with inst of 16-32 characters`,
    );
  }
  if (u === undefined || !isUserId(u)) {
    return new RecordError('user', `header u is ${show(u)}; write the escaped user id of the sender`);
  }
  const route = routeError(raw.headers);
  if (route !== undefined) return route;
  const sender = senderOf(senderKey(u, cid.inst), raw.headers[ORIGIN_HEADER]);
  return sender instanceof RecordError ? sender : { room, cid, sender, user: u };
}

/** The watermark of the sender has passed a record that comes again from the dead letters, so that one has its own. */
function senderOf(sender: string, origin: string | undefined): string | RecordError {
  if (origin === undefined) return sender;
  if (parsePlace(origin) !== undefined) return `${sender}/${origin}`;
  return new RecordError('header', `header ${ORIGIN_HEADER} is ${show(origin)}; leave it out`);
}

// Both become parts of Redis keys and channels.
const ROUTE_FORM = /^[A-Za-z0-9_.-]{1,128}$/;

function routeError(headers: RawRecord['headers']): RecordError | undefined {
  const wrong = (['gw', 'sid'] as const).find((name) => !ROUTE_FORM.test(headers[name] ?? 'absent'));
  return wrong && new RecordError('header', `header ${wrong} is ${show(headers[wrong])}; leave it out`);
}

function decodeValue(raw: RawRecord['value']): z.infer<typeof RecordValueSchema> | RecordError {
  const text = typeof raw === 'string' ? raw : decodeText(raw);
  const value = text === undefined ? undefined : fromJson(text);
  if (isPlainValue(value) && isWithinDepth(value.d, Limits.dataDepth)) return value;
  const parsed = RecordValueSchema.safeParse(value);
  if (!parsed.success || parsed.data.d === undefined) {
    return new RecordError(
      'value',
      'the value is not {"d":<data>,"k"?:<key>,"notify"?:[<user>]} as UTF-8 JSON',
    );
  }
  if (!isWithinDepth(parsed.data.d, Limits.dataDepth)) {
    return new RecordError('value', `d nests deeper than ${Limits.dataDepth} levels; flatten it`);
  }
  return parsed.data;
}

/** What nearly every record holds, told without the schema: an object with `d` and nothing else. */
function isPlainValue(value: unknown): value is { d: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) if (name !== 'd') return false;
  return 'd' in value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A value for an error message: quoted, and cut so that a record cannot flood the log. */
function show(value: string | null | undefined): string {
  return value === null || value === undefined ? 'missing' : JSON.stringify(value.slice(0, 80));
}
