import { toJson, type Json } from './json.ts';
import type { Position } from './position.ts';
import type { GatewayPush } from './gateway-frames.ts';

/** What a push `m` is made of. */
export interface MessageFrameParts {
  readonly room: string;
  readonly id: Position;
  /** Id of the previous message of the room, {@link BEGINNING} for the first one, or `?`. */
  readonly p: Position;
  readonly user: string;
  readonly cid: string;
  /** Milliseconds since 1970: the log's append time. */
  readonly ts: number;
  /** The data, serialised: `toJson(data)`, or `json` of a decoded record. */
  readonly data: Json;
  readonly tp?: string | undefined;
}

const MESSAGE_OPEN = '{"m":';
const VALUE_OPEN = '{"v":';
const KEY_FIELD = ',"k":';
const ID_FIELD = ',"id":"';

/**
 * The final line of a message, without line break: `{"m":{"r":..,"id":..,"p":..,"u":..,"cid":..,"t":..,"d":..,"tp"?:..}}`.
 * The order of the fields is part of the contract of this function: what is stored is sent as it is.
 *
 * Room, ids, user and `cid` are of alphabets that need no JSON escape, so they are put in as they are.
 */
export function messageFrame(parts: MessageFrameParts): Json {
  const { room, id, p, user, cid, ts, data } = parts;
  const tp = parts.tp === undefined ? '' : `,"tp":"${parts.tp}"`;
  return `${MESSAGE_OPEN}{"r":"${room}","id":"${id}","p":"${p}","u":"${user}","cid":"${cid}","t":${ts},"d":${data}${tp}}}` as Json;
}

/** The final line of a value in a latest-value room; `data` is `null` for a deleted key. */
export function valueFrame(parts: { room: string; k: string; id: Position; ts: number; data: Json }): Json {
  const { room, k, id, ts, data } = parts;
  return `${VALUE_OPEN}{"r":"${room}","k":${toJson(k)},"id":"${id}","t":${ts},"d":${data}}}` as Json;
}

// `,"tp":"` and `"}}` around a W3C traceparent of version 00, which has 55 characters.
const TRACE_OPEN = ',"tp":"';
const TRACE_CHARS = 55;
const TRACE_END = '"}}';

/** The traceparent of a line made by {@link messageFrame}. What a user wrote cannot stand there: it ends otherwise. */
export function traceparentOf(frame: string): string | undefined {
  const from = frame.length - TRACE_END.length - TRACE_CHARS;
  if (!frame.startsWith(TRACE_OPEN, from - TRACE_OPEN.length) || !frame.endsWith(TRACE_END)) return undefined;
  return frame.slice(from, from + TRACE_CHARS);
}

/** The key of a line made by {@link valueFrame}, as JSON text; undefined for every other line. */
export function valueKeyOf(frame: string): string | undefined {
  if (!frame.startsWith(VALUE_OPEN)) return undefined;
  const from = frame.indexOf(KEY_FIELD);
  // Inside the key a quote stands behind a backslash, so the first bare one begins the next field.
  const to = frame.indexOf(ID_FIELD, from);
  return from < 0 || to < 0 ? undefined : frame.slice(from + KEY_FIELD.length, to);
}

/** The object inside a line of {@link messageFrame} or {@link valueFrame}: what a reply's `msgs` hold. */
export function frameBody(frame: string): Json {
  return frame.slice(MESSAGE_OPEN.length, -1) as Json;
}

/** Serialises the body of a reply that carries messages, from lines that are already final. */
export function withMessages(fields: object, frames: readonly string[]): Json {
  const open = JSON.stringify(fields).slice(0, -1);
  return `${open}${open === '{' ? '' : ','}"msgs":[${frames.map(frameBody).join(',')}]}` as Json;
}

/** Serialises the body of a `hello` reply from those of its rooms. */
export function withRooms(fields: object, rooms: ReadonlyMap<string, Json>): Json {
  const entries = Array.from(rooms, ([room, body]) => `"${room}":${body}`);
  return `${JSON.stringify(fields).slice(0, -1)},"rooms":{${entries.join(',')}}}` as Json;
}

/** A reply line. `body` is already serialised ({@link toJson}, {@link withMessages}, {@link withRooms}). */
export function encodeReply(i: number, op: string, body: Json): Json {
  return `{"i":${i},"${op}":${body}}` as Json;
}

/** A reply line that refuses. */
export function encodeError(i: number, err: object): Json {
  return `{"i":${i},"err":${JSON.stringify(err)}}` as Json;
}

/** A push line. Messages and values come final from {@link messageFrame} and {@link valueFrame}. */
export function encodePush(push: GatewayPush): Json {
  return toJson(push);
}

/** Ping of a gateway, pong of a client. */
export const EMPTY_LINE = '{}' as Json;
