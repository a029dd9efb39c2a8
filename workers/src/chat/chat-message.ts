import type { InRecord } from '@chatplatform/kafka';
import type { RoomOptions } from '@chatplatform/platform';
import {
  decodeRecord,
  formatPosition,
  messageFrame,
  partitionOf,
  RecordError,
  UNKNOWN_PREVIOUS,
  valueFrame,
  type DecodedRecord,
  type Position,
} from '@chatplatform/protocol';
import type { Poison } from '../pipeline/dead-letters.ts';

/** A message of the log, decoded, with its final frame but for `p`. */
export interface ChatMessage extends DecodedRecord {
  readonly id: Position;
  readonly offset: number;
  /** LogAppendTime, ms. */
  readonly ts: number;
  /** Whom `n` counts for: see `sender`. */
  readonly inst: string;
  readonly n: number;
  /** Final line for clients; a message's has `p` = `"?"`, see `renderFrame`. */
  readonly frame: string;
  readonly options: RoomOptions;
  readonly record: InRecord;
}

/** What decoding depends on besides the record: fixed for the life of the log. */
export interface DecodeContext {
  readonly epoch: string;
  /** Partitions of the message log. */
  readonly partitions: number;
  optionsOf(room: string): RoomOptions;
}

/**
 * Larger records come only from other producers (a gateway's frame limit is far below) and would not fit
 * into the topics that outcomes go to.
 */
const MAX_VALUE_BYTES = 256 * 1024;

/** Decodes a record. Deterministic: the same record gives the same answer for ever. */
export function decodeMessage(record: InRecord, context: DecodeContext): ChatMessage | Poison {
  const size = record.value?.length ?? 0;
  if (size > MAX_VALUE_BYTES)
    return poison(record, 'size', `the value has ${size} bytes; at most ${MAX_VALUE_BYTES} are taken`);
  const decoded = decodeRecord(record);
  if (decoded instanceof RecordError) return poison(record, decoded.code, decoded.message);
  const home = partitionOf(decoded.room, context.partitions);
  if (home !== record.partition) {
    return poison(
      record,
      'partition',
      `room ${decoded.room} belongs to partition ${home}, not ${record.partition}; partition by murmur2 of the key`,
    );
  }
  return build(record, decoded, context);
}

/** Whether decoding failed. */
export function isPoison(decoded: ChatMessage | Poison): decoded is Poison {
  return 'cause' in decoded;
}

function build(record: InRecord, decoded: DecodedRecord, context: DecodeContext): ChatMessage | Poison {
  const { offset, timestamp: ts, partition } = record;
  const options = context.optionsOf(decoded.room);
  const id = formatPosition(context.epoch, partition, offset);
  const base = { ...decoded, id, offset, ts, inst: decoded.sender, n: decoded.cid.n, options, record };
  const { room, user, json: data, k, tp } = decoded;
  if (options.kind === 'latest') {
    if (k === undefined)
      return poison(record, 'key-missing', `room ${room} keeps latest values; give a key "k"`);
    return { ...base, frame: valueFrame({ room, k, id, ts, data }) };
  }
  return {
    ...base,
    frame: messageFrame({ room, id, p: UNKNOWN_PREVIOUS, user, cid: decoded.cid.text, ts, data, tp }),
  };
}

function poison(record: InRecord, cause: string, message: string): Poison {
  return { record, cause, message, attempts: 1 };
}
