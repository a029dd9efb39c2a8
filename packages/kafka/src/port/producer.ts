/** A record to write. The caller chooses the partition (see `partitionOf` in the protocol package). */
export interface OutRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  /** `null` is a tombstone in a compacted topic. */
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a record was written. */
export interface Appended {
  readonly partition: number;
  readonly offset: number;
  /** LogAppendTime in ms since the epoch; the producer's own time in topics without it. */
  readonly timestamp: number;
  /**
   * `false`: an earlier attempt had an unknown outcome. The record may be in the log twice, the first
   * copy counts, and `offset` may be that of the second one.
   */
  readonly certain: boolean;
}

/** Tuning of a producer; the defaults are the platform's. */
export interface ProducerOptions {
  /** Time over all attempts of one record, ms. Default 10 000: the longest a sender waits for an ack. */
  readonly deadlineMs?: number;
  /** Records in one micro-batch of a partition leader. Default 512. */
  readonly maxBatchRecords?: number;
  /** Bytes in one micro-batch. Default 512 KiB: half of Kafka's default `message.max.bytes`. */
  readonly maxBatchBytes?: number;
  /** Bytes that may wait or be in flight before `append` rejects with `queue-full`. Default 32 MiB. */
  readonly maxQueuedBytes?: number;
  /**
   * Told how many records a request to a leader carries; answers how long the next one to it waits at least, ms. A request
   * costs broker and client the same for one record as for a hundred. Default: not at all.
   */
  readonly spacing?: (records: number) => number;
}

/** Writes records with `acks=all`, each partition strictly in the order of the `append` calls. */
export interface RecordProducer {
  /**
   * Writes one record. Sent at once when nothing is in flight to the partition's leader, collected into
   * a micro-batch while something is, and during the `spacing` after it. Retries until the deadline.
   *
   * Rejects with a {@link KafkaError}: `unavailable`, `timeout`, `queue-full`, `too-large`,
   * `unknown-topic`, `closed`; and after one record of a partition finally failed, everything that was
   * queued behind it on that partition rejects with `behind-failure`.
   */
  append(record: OutRecord): Promise<Appended>;
  /**
   * Like `append` for each record in order, with one promise for all: resolves when every record is
   * written, rejects with the first failure (others may have been written all the same).
   */
  appendAll(records: readonly OutRecord[]): Promise<void>;
  /** `down`: brokers have not answered for a while; `append` rejects at once with `unavailable`. */
  readonly state: 'up' | 'down';
  /** Calls `listener` on every change of `state`; returns the function that stops it. */
  onState(listener: (state: 'up' | 'down') => void): () => void;
  /** Resolves when everything appended so far is settled; rejects with `timeout` after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  /** Rejects what is still queued with `closed` and disconnects. Flush first. */
  close(): Promise<void>;
}
