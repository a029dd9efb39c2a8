import {
  NOTICES,
  OperationSchemas,
  type Notice,
  type Operation,
  type OperationBodies,
  type RequestOperation,
} from './client-frames.ts';
import { protocolError, type ProtocolError } from './errors.ts';
import { fieldMessage, messageOf } from './field-message.ts';
import { fromJson } from './json.ts';

/** A line of a client that asks for something; `i` goes into the reply. */
export type ClientRequest = {
  [Op in RequestOperation]: { kind: 'request'; i: number; op: Op; body: OperationBodies[Op] };
}[RequestOperation];

/** A line of a client that gets no reply. */
export type ClientNotice = {
  [Op in Notice]: { kind: 'notice'; op: Op; body: OperationBodies[Op] };
}[Notice];

/**
 * What a line of a client turned out to be.
 *
 * - `refused`: send `err` as the reply to `i`.
 * - `broken`: nothing can be answered (no JSON object, no usable `i`): close with 3501 and this message.
 */
export type ClientLine =
  | ClientRequest
  | ClientNotice
  | { kind: 'pong' }
  | { kind: 'refused'; i: number; op: Operation | undefined; err: ProtocolError }
  | { kind: 'broken'; msg: string };

const UINT32_MAX = 0xffffffff;
const operations = new Set<string>(Object.keys(OperationSchemas));
const notices = new Set<string>(NOTICES);

/** The lines of a frame. Empty lines (such as after a last line break) are none. */
export function linesOf(frame: string): string[] {
  return frame.includes('\n') ? frame.split('\n').filter((line) => line.trim() !== '') : [frame];
}

/** Reads one line of a client. Never throws; what it costs is bounded by the length of the line. */
export function parseClientFrame(line: string): ClientLine {
  const value = fromJson(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'broken', msg: 'a line must be one JSON object' };
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return { kind: 'pong' };
  const named = keys.filter((key) => operations.has(key)) as Operation[];
  const [op] = named;
  const i: unknown = Reflect.get(value, 'i');
  if (op !== undefined && named.length === 1) return parseOperation(op, i, Reflect.get(value, op));
  return refuse(i, undefined, protocolError(104, operationMessage(named, keys)));
}

function parseOperation(op: Operation, i: unknown, body: unknown): ClientLine {
  const isNotice = notices.has(op);
  if (!isNotice && !isRequestNumber(i)) return refuse(i, op, protocolError(107));
  const parsed = OperationSchemas[op].safeParse(body, { error: messageOf });
  if (!parsed.success) return refuse(i, op, protocolError(107, fieldMessage(op, parsed.error)));
  const line = isNotice
    ? { kind: 'notice', op, body: parsed.data }
    : { kind: 'request', i, op, body: parsed.data };
  return line as ClientLine;
}

function refuse(i: unknown, op: Operation | undefined, err: ProtocolError): ClientLine {
  if (isRequestNumber(i)) return { kind: 'refused', i, op, err };
  const why = i === undefined ? '"i" is missing' : '"i" is not an integer from 0 to 4294967295';
  return { kind: 'broken', msg: op && notices.has(op) ? err.msg : `${why}: it numbers the request` };
}

function isRequestNumber(i: unknown): i is number {
  return typeof i === 'number' && Number.isInteger(i) && i >= 0 && i <= UINT32_MAX;
}

function operationMessage(named: readonly string[], keys: readonly string[]): string {
  if (named.length > 1)
    return `the line names ${named.length} operations (${named.join(', ')}); send one per line`;
  const unknown = keys.find((key) => key !== 'i');
  if (unknown === undefined) return 'the line names no operation';
  return `this gateway knows no operation ${JSON.stringify(unknown.slice(0, 32))}`;
}
