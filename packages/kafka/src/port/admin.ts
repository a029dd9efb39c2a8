/** A topic as it should be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic settings, e.g. `message.timestamp.type`. Only these are compared and changed. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A topic as it is. */
export interface TopicState {
  readonly name: string;
  /** 0 when the topic does not exist. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** The settings asked for (`ensureTopics`) or all that differ from the broker's default (`describeTopics`). */
  readonly config: Readonly<Record<string, string>>;
  /** What `ensureTopics` did; `wrong` names what it must not change by itself (partition count, replicas). */
  readonly outcome: 'present' | 'created' | 'configured' | 'absent' | 'wrong';
  /** A sentence for `wrong`. */
  readonly problem?: string;
}

/** How far a group is behind in one partition. */
export interface PartitionLag {
  readonly partition: number;
  /** First offset still in the log. */
  readonly begin: number;
  /** Offset the next record will get. */
  readonly end: number;
  /** -1: the group never committed here. */
  readonly committed: number;
  /** `committed < 0 ? end - begin : max(0, end - max(committed, begin))` */
  readonly lag: number;
}

/** Administration. Every call rejects with a {@link KafkaError}; none retries longer than ~10 s. */
export interface KafkaAdmin {
  /**
   * Creates missing topics and sets differing settings. Never changes a partition count, and never
   * deletes. Safe to call from several processes at once.
   */
  ensureTopics(specs: readonly TopicSpec[]): Promise<TopicState[]>;
  describeTopics(names: readonly string[]): Promise<TopicState[]>;
  /** Rejects with `unknown-topic` when it does not exist. */
  partitionCount(topic: string): Promise<number>;
  groupLag(group: string, topic: string): Promise<PartitionLag[]>;
  /** The first offset whose record is not older than `timestampMs`; the end of the log when there is none. */
  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Newest value per key of a small compacted topic. */
  readControl(topic: string): Promise<Record<string, string>>;
  /**
   * The epoch of the log (6 characters of base 36); written first when there is none. The first one written wins.
   *
   * @param lost the epoch of a log whose records are gone (its topic was made anew, or ends before what was in it):
   * another one takes its place, the same for everybody who says so.
   */
  ensureEpoch(controlTopic: string, lost?: string): Promise<string>;
  clusterId(): Promise<string>;
  close(): Promise<void>;
}
