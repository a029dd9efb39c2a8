import type { Rewinds } from './rewinds.ts';

/** A record as read from the log. */
export interface InRecord {
  readonly partition: number;
  readonly offset: number;
  /** Ms since the epoch. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What one fetch brought for one partition. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  /** Ascending offsets, at least one record. */
  readonly records: readonly InRecord[];
  /** The offset the next record written to the partition will get. */
  readonly highWatermark: number;
  /** Changes whenever the partition was, or may have been, in other hands since the last batch. */
  readonly tenure: number;
  /**
   * First batch since this partition was given to this member: another member may have worked on it
   * until now. Stays true for the following batches until one of them was committed.
   */
  readonly firstAfterAssignment: boolean;
  /** The group's committed offset of this partition (next to read), `undefined` when there is none. */
  readonly committed: number | undefined;
  /** Tells the group that this member lives. Called in the background too while a batch is handled. */
  heartbeat(): Promise<void>;
  /**
   * The partition is being taken away or this member is stopping: do not wait for anything long. The
   * result still counts when it comes in time and is ignored otherwise.
   */
  isStale(): boolean;
}

/** How a batch ended. */
export type BatchResult =
  /** Every effect is done; `commit` is the next offset to read. The group is told at most 0.1 s later. */
  | { readonly commit: number }
  /** Nothing is committed; read again from here. */
  | { readonly seek: number };

export interface ConsumerOptions {
  /**
   * A name that outlives the process and that no other member of the group has (Kafka's `group.instance.id`). A member
   * that comes back with it within the session timeout gets its partitions back at once and nobody else is disturbed.
   * Drivers without static membership ignore it.
   */
  readonly instanceId?: string;
  /**
   * After this long without a heartbeat the group gives the partitions to others, ms. Default 6 000, the least a broker
   * allows by default:
   * heartbeats go by a timer, so only a process that hangs or is gone misses three, and its rooms wait
   * that long.
   */
  readonly sessionTimeoutMs?: number;
  /** How long others wait for this member in a rebalance (it finishes its batch), ms. Default 60 000. */
  readonly rebalanceTimeoutMs?: number;
  /** Default 1 500. */
  readonly heartbeatIntervalMs?: number;
  /** Longest wait of a fetch for a first record, ms. Default 50. */
  readonly maxWaitMs?: number;
  /** Bytes per partition and fetch. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
  /**
   * Partitions handled at the same time by this member; each stays serial. Default 64, so that those of one reading
   * share their round trips: the next reading waits for all of them.
   */
  readonly concurrency?: number;
}

export interface ConsumeOptions {
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Moves the reading from outside of a batch. */
  readonly rewinds?: Rewinds;
  onAssigned?(topic: string, partitions: readonly number[]): void;
  /**
   * Handles one batch; calls for one partition never overlap. A rejection means the same as
   * `{ seek: first offset of the batch }` after a pause, so nothing is ever skipped.
   */
  eachBatch(batch: RecordBatch): Promise<BatchResult>;
}

/** One member of a consumer group. Commits only what `eachBatch` reported done. */
export interface PartitionConsumer {
  /** Joins and consumes until `stop`. Resolves once the loop runs; connects in a retry loop. */
  run(options: ConsumeOptions): Promise<void>;
  /** The loop ended for a reason no restart cures (or not by itself): exit the process. */
  onCrash(listener: (error: Error) => void): void;
  /** Monotonic time (ms of the injected clock) of the last sign of life of the loop. */
  lastActivity(): number;
  /** Finishes the batches under way, commits them, leaves the group. */
  stop(): Promise<void>;
}
