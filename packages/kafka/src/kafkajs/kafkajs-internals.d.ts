/** The one internal of kafkajs that is patched; its version is pinned exactly. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface RequestQueueInternals {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
  const RequestQueue: { readonly prototype: RequestQueueInternals };
  export default RequestQueue;
}

/** The connections below kafkajs's consumers: what a log reader without a group needs of them. */
declare module 'kafkajs/src/cluster/index.js' {
  import type { FetchedPartition } from 'kafkajs/src/consumer/batch.js';
  export interface Cluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    /** Partitions by the node id of their leader. */
    findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
    findBroker(at: { nodeId: string }): Promise<FetchingBroker>;
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning: boolean;
      }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
  interface FetchingBroker {
    fetch(request: {
      maxWaitTime: number;
      minBytes: number;
      maxBytes: number;
      isolationLevel: number;
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
      }[];
    }): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
  }
}

/** What of a fetch answer belongs to the offset asked for. */
declare module 'kafkajs/src/consumer/batch.js' {
  import type { KafkaMessage } from 'kafkajs';
  export interface FetchedPartition {
    readonly partition: number;
    readonly highWatermark: string;
    readonly messages: readonly KafkaMessage[];
  }
  export default class Batch {
    constructor(topic: string, fetchedOffset: string, data: FetchedPartition);
    readonly partition: number;
    /** Everything that came, also what stands before the offset asked for. */
    readonly rawMessages: readonly KafkaMessage[];
    readonly messages: KafkaMessage[];
    lastOffset(): string;
  }
}
