import type { KafkaRecord, MessageRecord, RecordsBatch } from '@platformatic/kafka';
import type { InRecord } from '../port/consumer.ts';
import type { Slice } from '../produce/transport.ts';

/** Bits of a batch's attributes. */
const LOG_APPEND_TIME = 0b1000;
const CONTROL = 0b10_0000;

/** Records as the library writes them: one array for all slices of a request. */
export function toMessages(slices: readonly Slice[]): MessageRecord[] {
  return slices.flatMap(({ topic, partition, records }) =>
    records.map(({ key, value, headers }) => ({
      topic,
      partition,
      ...(key !== null && { key: Buffer.from(key) }),
      // The type knows no tombstone; the encoder writes one for a missing value.
      value: (value === null ? undefined : Buffer.from(value as string)) as Buffer,
      ...(headers !== undefined && { headers: toHeaders(headers) }),
    })),
  );
}

function toHeaders(headers: Readonly<Record<string, string>>): Map<Buffer, Buffer> {
  return new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]));
}

/** What a fetch brought for one partition. */
export interface Fetched {
  readonly records: readonly InRecord[];
  /** The offset to fetch next; above the last record where the log has holes or markers. */
  readonly next: number;
}

/** The records from offset `from` on. The broker sends whole batches, which may begin earlier. */
export function fromBatches(partition: number, from: number, batches: readonly RecordsBatch[]): Fetched {
  const records: InRecord[] = [];
  let next = from;
  for (const batch of batches) {
    const base = Number(batch.firstOffset);
    next = Math.max(next, base + batch.lastOffsetDelta + 1);
    if ((batch.attributes & CONTROL) !== 0) continue;
    const stamp = stampOf(batch);
    for (const record of batch.records) {
      const offset = base + record.offsetDelta;
      if (offset < from) continue;
      records.push({
        partition,
        offset,
        timestamp: stamp(record.timestampDelta),
        key: textOf(record.key),
        value: record.value ?? null,
        headers: fromHeaders(record.headers),
      });
    }
  }
  return { records, next };
}

function stampOf({ attributes, firstTimestamp, maxTimestamp }: RecordsBatch): (delta: bigint) => number {
  if ((attributes & LOG_APPEND_TIME) !== 0) return () => Number(maxTimestamp);
  return (delta) => Number(firstTimestamp + delta);
}

function textOf(key: Buffer | null): string | null {
  return key === null ? null : key.toString();
}

function fromHeaders(headers: KafkaRecord['headers']): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name?.toString() ?? '';
    // Of a repeated header the first one counts, as for every reader of this package.
    if (!(key in texts)) texts[key] = value?.toString() ?? '';
  }
  return texts;
}
