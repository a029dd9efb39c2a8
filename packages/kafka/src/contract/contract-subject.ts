import type { Kafka } from '../port/kafka.ts';

/** What the suite needs of a driver under test. */
export interface ContractSubject {
  /** A new client, as another process would have. The suite closes it. */
  connect(): Kafka;
  /** Longest time for one step that talks to the cluster, ms. */
  readonly patienceMs: number;
}

/** Makes a topic that no other test has, and returns its name. */
export type FreshTopic = (partitions?: number, config?: Record<string, string>) => Promise<string>;

/** What tests of consumers need. */
export interface ConsumerTestDeps {
  readonly freshTopic: FreshTopic;
  readonly subject: ContractSubject;
}
