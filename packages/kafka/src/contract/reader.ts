import { until } from '@chatplatform/runtime';
import type { BatchResult, InRecord, PartitionConsumer, RecordBatch } from '../port/consumer.ts';
import type { Kafka } from '../port/kafka.ts';
import type { OutRecord } from '../port/producer.ts';
import type { Rewinds } from '../port/rewinds.ts';

type Decide = (batch: RecordBatch) => BatchResult | Promise<BatchResult>;

/** Notes everything a consumer is given. */
export class Reader {
  readonly consumer: PartitionConsumer;
  readonly values: string[] = [];
  readonly records: InRecord[] = [];
  readonly starts: number[] = [];
  readonly batches: Pick<RecordBatch, 'firstAfterAssignment' | 'committed'>[] = [];
  readonly byPartition = new Map<number, string[]>();
  assigned = new Set<number>();
  /** Calls that overlapped another one of the same partition. */
  overlaps = 0;
  readonly #decide: Decide;
  readonly #busy = new Set<number>();

  constructor(consumer: PartitionConsumer, decide: Decide = (batch) => ({ commit: last(batch).offset + 1 })) {
    this.consumer = consumer;
    this.#decide = decide;
  }

  start(topic: string, groupId: string, rewinds?: Rewinds): Promise<void> {
    return this.consumer.run({
      topics: [topic],
      groupId,
      ...(rewinds && { rewinds }),
      onAssigned: (_, partitions) => (this.assigned = new Set(partitions)),
      eachBatch: (batch) => this.#take(batch),
    });
  }

  stop(): Promise<void> {
    return this.consumer.stop();
  }

  /** Where copies of a value lie in the log, each place once: a group that forms anew is given the same records again. */
  offsetsOf(value: number): number[] {
    const copies = this.records.filter((record) => String(record.value) === String(value));
    return [...new Set(copies.map(({ offset }) => offset))];
  }

  async #take(batch: RecordBatch): Promise<BatchResult> {
    if (this.#busy.has(batch.partition)) this.overlaps += 1;
    this.#busy.add(batch.partition);
    this.starts.push(batch.records[0]?.offset ?? -1);
    this.batches.push({ firstAfterAssignment: batch.firstAfterAssignment, committed: batch.committed });
    const seen = this.byPartition.get(batch.partition) ?? [];
    this.byPartition.set(batch.partition, seen);
    for (const record of batch.records) {
      this.records.push(record);
      this.values.push(String(record.value));
      seen.push(String(record.value));
    }
    try {
      return await this.#decide(batch);
    } finally {
      this.#busy.delete(batch.partition);
    }
  }
}

/** A record with a value only. */
export function message(topic: string, value: string, partition = 0): OutRecord {
  return { topic, partition, key: 'k', value };
}

/** The first `count` records of a topic. */
export async function readAll(kafka: Kafka, topic: string, count: number): Promise<InRecord[]> {
  const reader = new Reader(kafka.consumer());
  await reader.start(topic, `${topic}-all`);
  await until(() => reader.records.length >= count, 20_000);
  await reader.stop();
  return reader.records;
}

/** The last record of a batch. */
export function last(batch: RecordBatch): InRecord {
  return batch.records.at(-1) as InRecord;
}
