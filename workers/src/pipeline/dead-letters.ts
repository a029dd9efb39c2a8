import type { InRecord, OutRecord } from '@chatplatform/kafka';
import { deadLetterHeaders, partitionOf } from '@chatplatform/protocol';

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

/** The dead letter of a record: the record itself, and in headers `dl-*` cause, attempts and origin. */
export function deadLetter(
  poison: Poison,
  at: { readonly topic: string; readonly origin: string; readonly partitions: number; readonly now: number },
): OutRecord {
  const { record, cause, message, attempts } = poison;
  const { key, partition, offset } = record;
  const bytes = record.value?.length ?? 0;
  const tooLarge = bytes > MAX_VALUE_BYTES;
  return {
    topic: at.topic,
    partition: key === null ? partition % at.partitions : partitionOf(key, at.partitions),
    key,
    value: tooLarge ? null : record.value,
    headers: deadLetterHeaders(record.headers, {
      cause,
      message,
      attempts,
      at: at.now,
      origin: { topic: at.origin, partition, offset },
      ...(tooLarge && { omittedBytes: bytes }),
    }),
  };
}
