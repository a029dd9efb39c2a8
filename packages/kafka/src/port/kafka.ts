import type { KafkaAdmin } from './admin.ts';
import type { ConsumerOptions, PartitionConsumer } from './consumer.ts';
import type { LogReader } from './log-reader.ts';
import type { ProducerOptions, RecordProducer } from './producer.ts';

/** How to reach and authenticate to a Kafka cluster. */
export interface KafkaConfig {
  /** `host:port` of one or more brokers. */
  readonly bootstrapServers: readonly string[];
  /** Which client library `openKafka` uses. Default kafkajs. */
  readonly driver?: 'kafkajs' | 'platformatic' | undefined;
  /** Shown in the broker's logs and quotas. */
  readonly clientId: string;
  readonly tls?: KafkaTls | undefined;
  readonly sasl?: KafkaSasl | undefined;
}

/** TLS material in PEM. An empty object trusts the system's authorities. */
export interface KafkaTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** SASL user and password. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** What this package logs through; pino's and telemetry's loggers fit. */
export interface KafkaLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A Kafka cluster. Nothing here throws because a broker is down: clients connect in the background,
 * in retry loops, and calls wait or reject with a retryable {@link KafkaError}.
 */
export interface Kafka {
  /** A new producer; share one per process, since each keeps its own order. */
  producer(options?: ProducerOptions): RecordProducer;
  /** A new member of a consumer group. */
  consumer(options?: ConsumerOptions): PartitionConsumer;
  /** The admin client; one long-lived connection shared by all callers. */
  admin(): KafkaAdmin;
  /** Reads pieces of the log anywhere; one long-lived reader shared by all callers. */
  logReader(): LogReader;
  /** Closes every client made here: producers are flushed (5 s), consumers stopped. */
  close(): Promise<void>;
}
