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
    isConnected(): boolean;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    /** Only when it is older than its age, or lacks a topic that was added. */
    refreshMetadataIfNecessary(): Promise<void>;
    removeBroker(broker: { readonly host: string; readonly port: number }): void;
    /** Partitions by the node id of their leader. */
    findLeaderForPartitions(topic: string, partitions: readonly number[]): Record<string, number[]>;
    findBroker(at: { nodeId: string }): Promise<Broker>;
    fetchTopicsOffset(
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number }[];
        fromBeginning: boolean;
      }[],
    ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  }
  interface Broker {
    /** Makes requests of the newest version that both sides know. */
    lookupRequest(
      apiKey: number,
      versions: unknown,
    ): (body: {
      readonly acks: number;
      readonly timeout: number;
      readonly topicData: readonly [];
    }) => Exchange;
    disconnect(): Promise<void>;
    readonly connectionPool: { send(exchange: Exchange): Promise<ProduceAnswer> };
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
  /** A request and how to read its answer. */
  export interface Exchange {
    readonly request: {
      readonly apiVersion: number;
      /** Both fields are of an encoder of kafkajs, whose type it asks for by the first. */
      encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
    };
    readonly response: {
      decode(payload: Buffer): Promise<unknown>;
      parse(decoded: unknown): Promise<unknown>;
    };
  }
  export interface ProduceAnswer {
    readonly topics: readonly {
      readonly topicName: string;
      readonly partitions: readonly ProducedPartition[];
    }[];
  }
  export interface ProducedPartition {
    readonly partition: number;
    readonly errorCode: number;
    readonly baseOffset: string;
    /** `-1` in topics that keep the time of the producer. */
    readonly logAppendTime: string;
  }
}

/** The Produce API of kafkajs: how its requests are made and its answers are read. */
declare module 'kafkajs/src/protocol/requests/produce/index.js' {
  const Produce: unknown;
  export default Produce;
}

/** Kafka's error codes as kafkajs's errors. */
declare module 'kafkajs/src/protocol/error.js' {
  export function createErrorFromCode(code: number): Error;
  export function failure(code: number): boolean;
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

/** What the own encoding of a Produce request is held against. */
declare module 'kafkajs/src/protocol/requests/produce/v7/request.js' {
  export default function produce(request: {
    readonly acks: number;
    readonly timeout: number;
    readonly topicData: readonly unknown[];
  }): { encode(): Promise<{ readonly buffer: Buffer }> };
}
declare module 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js' {
  export default function crc32C(bytes: Uint8Array): number;
}

/** How kafkajs reads an answer to a fetch: replaced for plain ones. */
declare module 'kafkajs/src/protocol/requests/fetch/v11/response.js' {
  export interface FetchedMessage {
    readonly timestamp: string;
    readonly offset: string;
    readonly key: string | null;
    readonly value: Buffer | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly isControlRecord: boolean;
  }
  export interface FetchedPart {
    readonly partition: number;
    readonly errorCode: number;
    readonly highWatermark: string;
    readonly lastStableOffset: string;
    readonly lastStartOffset: string;
    readonly abortedTransactions: readonly unknown[];
    readonly preferredReadReplica: number;
    readonly messages: readonly FetchedMessage[];
  }
  export interface FetchAnswer {
    readonly throttleTime: number;
    readonly clientSideThrottleTime: number;
    readonly errorCode: number;
    readonly sessionId: number;
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPart[];
    }[];
  }
  const FetchResponse: { decode: (this: void, payload: Buffer) => Promise<FetchAnswer> };
  export default FetchResponse;
}
