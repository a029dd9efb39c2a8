import { messageFrame, valueFrame } from './frame.ts';
import type { Json } from './json.ts';
import { partitionOf } from './partition.ts';
import { formatPosition, UNKNOWN_PREVIOUS, type Position } from './position.ts';
import { decodeRecord, RecordError, type DecodedRecord, type RawRecord } from './record.ts';

/** A record with its place in the log. */
export interface LogRecord extends RawRecord {
  readonly partition: number;
  readonly offset: number;
  /** LogAppendTime, ms since 1970. */
  readonly timestamp: number;
}

/** What decoding depends on besides the record: fixed for the life of the log. */
export interface LogContext {
  readonly epoch: string;
  /** Partitions of the message log. */
  readonly partitions: number;
  /** Whether the room keeps the latest value of each key instead of messages. */
  keepsLatest(room: string): boolean;
}

/** A message of the log, with its final frame but for `p`. */
export interface LogMessage extends DecodedRecord {
  readonly id: Position;
  readonly offset: number;
  /** LogAppendTime, ms. */
  readonly ts: number;
  /** Whom `n` counts for: see `sender`. */
  readonly inst: string;
  readonly n: number;
  /** Final line for clients; a message's has `p` = `"?"`. */
  readonly frame: Json;
}

/**
 * A copy that its producer made by itself stands behind the first one by less than this, ms: a producer gives up after
 * 10 s, and a gateway that stood still for longer than half a minute is ended by its liveness probe.
 */
export const COPY_WINDOW_MS = 60_000;

/**
 * Larger records come only from other producers (a gateway's frame limit is far below) and would not fit
 * into the topics that outcomes go to.
 */
const MAX_VALUE_BYTES = 256 * 1024;

/** Before this time, ms since 1970, there is no earlier copy of a message in the log. */
export function earliestCopyOf({ ts, re = 0 }: Pick<LogMessage, 'ts' | 're'>): number {
  return ts - re - COPY_WINDOW_MS;
}

/**
 * Makes a message of a record, or says why it is none. Whoever reads the log decodes with this, so that all agree on
 * what a room has. Deterministic: the same record gives the same answer for ever.
 */
export function decodeLogMessage(record: LogRecord, context: LogContext): LogMessage | RecordError {
  const size = record.value?.length ?? 0;
  if (size > MAX_VALUE_BYTES)
    return new RecordError('size', `the value has ${size} bytes; at most ${MAX_VALUE_BYTES} are taken`);
  const decoded = decodeRecord(record);
  if (decoded instanceof RecordError) return decoded;
  const home = partitionOf(decoded.room, context.partitions);
  if (home === record.partition) return build(record, decoded, context);
  return new RecordError(
    'partition',
    `room ${decoded.room} belongs to partition ${home}, not ${record.partition}; partition by murmur2 of the key`,
  );
}

function build(record: LogRecord, decoded: DecodedRecord, context: LogContext): LogMessage | RecordError {
  const { offset, timestamp: ts, partition } = record;
  const { room, user, cid, json: data, k, tp } = decoded;
  const id = formatPosition(context.epoch, partition, offset);
  const base = { ...decoded, id, offset, ts, inst: decoded.sender, n: cid.n };
  if (!context.keepsLatest(room)) {
    return {
      ...base,
      frame: messageFrame({ room, id, p: UNKNOWN_PREVIOUS, user, cid: cid.text, ts, data, tp }),
    };
  }
  if (k !== undefined) return { ...base, frame: valueFrame({ room, k, id, ts, data }) };
  return new RecordError('key-missing', `room ${room} keeps latest values; give a key "k"`);
}
