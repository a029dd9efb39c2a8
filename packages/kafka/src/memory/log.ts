import { KafkaError } from '../errors.ts';
import type { InRecord } from '../port/consumer.ts';
import type { OutRecord } from '../port/producer.ts';

export interface MemoryTopic {
  readonly replicationFactor: number;
  readonly config: Record<string, string>;
  readonly partitions: InRecord[][];
  /** First offset still there, by partition; absent = 0. */
  readonly begins: number[];
}

/** The brokers' disk: topics, records and committed offsets. Outlives every client of the twin. */
export class MemoryLog {
  readonly topics = new Map<string, MemoryTopic>();
  /** group → `topic/partition` → next offset to read. */
  readonly committed = new Map<string, Map<string, number>>();
  readonly #waiting = new Set<() => void>();

  /** Throws `unknown-topic`. */
  partition(topic: string, partition: number): InRecord[] {
    const records = this.topics.get(topic)?.partitions[partition];
    if (records === undefined) {
      throw new KafkaError(
        'unknown-topic',
        `topic ${topic} has no partition ${partition}; create it with ensureTopics() first`,
      );
    }
    return records;
  }

  /** First offset that is still there. */
  beginOf(topic: string, partition: number): number {
    return this.topics.get(topic)?.begins[partition] ?? 0;
  }

  /** Removes what stands before `begin`. Offsets stay places in the list, so that nothing moves. */
  trim(topic: string, partition: number, begin: number): void {
    const known = this.topics.get(topic);
    if (known !== undefined) known.begins[partition] = begin;
  }

  /** Appends and returns the offset of the first record. */
  append(topic: string, partition: number, records: readonly OutRecord[], timestamp: number): number {
    const log = this.partition(topic, partition);
    const base = log.length;
    for (const record of records) {
      log.push({
        partition,
        offset: log.length,
        timestamp,
        key: record.key,
        value: record.value === null ? null : Buffer.from(record.value),
        headers: { ...record.headers },
      });
    }
    for (const wake of this.#waiting) wake();
    return base;
  }

  /** Calls `wake` on every append until the returned function is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }

  committedBy(groupId: string): Map<string, number> {
    let offsets = this.committed.get(groupId);
    if (offsets === undefined) {
      offsets = new Map();
      this.committed.set(groupId, offsets);
    }
    return offsets;
  }
}
