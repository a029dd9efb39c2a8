import type { InRecord, OutRecord } from '@chatplatform/kafka';
import { partitionOf } from '@chatplatform/protocol';

/** A record that cannot be processed, and why. */
export interface Poison {
  readonly record: InRecord;
  /** Short name of the fault, for grouping. */
  readonly cause: string;
  readonly message: string;
  readonly attempts: number;
}

/** Larger values stay where they are: the dead letter then names the origin only. */
const MAX_VALUE_BYTES = 256 * 1024;
/** Headers are for reading by people; a message may quote a value of any length. */
const MAX_MESSAGE_CHARS = 500;

/** The dead letter of a record: the record itself, and in headers `dl-*` cause, attempts and origin. */
export function deadLetter(
  poison: Poison,
  at: { readonly topic: string; readonly origin: string; readonly partitions: number; readonly now: number },
): OutRecord {
  const { record, cause, message, attempts } = poison;
  const tooLarge = (record.value?.length ?? 0) > MAX_VALUE_BYTES;
  return {
    topic: at.topic,
    partition:
      record.key === null ? record.partition % at.partitions : partitionOf(record.key, at.partitions),
    key: record.key,
    value: tooLarge ? null : record.value,
    headers: {
      ...record.headers,
      'dl-cause': cause,
      'dl-message': message.slice(0, MAX_MESSAGE_CHARS),
      'dl-attempts': String(attempts),
      'dl-topic': at.origin,
      'dl-partition': String(record.partition),
      'dl-offset': String(record.offset),
      'dl-at': String(at.now),
      ...(tooLarge && { 'dl-value-omitted': String(record.value?.length) }),
    },
  };
}
