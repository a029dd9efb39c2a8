import { systemClock, systemRandom, type Clock, type Random } from '@chatplatform/runtime';
import type { KafkaAdmin } from '../port/admin.ts';
import type { InRecord, PartitionConsumer } from '../port/consumer.ts';
import type { Kafka } from '../port/kafka.ts';
import type { LogReader } from '../port/log-reader.ts';
import type { ProducerOptions, RecordProducer } from '../port/producer.ts';
import { BatchingProducer } from '../produce/batching-producer.ts';
import type { ProduceTransport } from '../produce/transport.ts';
import { MemoryAdmin } from './admin.ts';
import { MemoryConsumer } from './consumer.ts';
import { noFaults, type MemoryFaults } from './faults.ts';
import { MemoryGroup } from './group.ts';
import { MemoryLog } from './log.ts';
import { MemoryLogReader } from './log-reader.ts';
import { MemoryTransport } from './transport.ts';

/** Time between `close` and giving up on records that still wait, ms. */
const FLUSH_MS = 5_000;

export interface MemoryKafkaOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Puts something between producers and the log, such as delay and loss. */
  readonly network?: (broker: ProduceTransport) => ProduceTransport;
}

/** The in-memory twin: the same contract as a real cluster, plus what a test wants to see and break. */
export interface MemoryKafka extends Kafka {
  consumer(): MemoryConsumer;
  /** What can be broken. */
  readonly faults: MemoryFaults;
  /** Everything written to a topic, partition by partition. */
  records(topic: string): InRecord[];
  /** Removes what stands before an offset, as retention does. */
  trim(topic: string, partition: number, begin: number): void;
  /** A second client of the same cluster, as another process would have; `own` replaces what the cluster was made with. */
  client(own?: MemoryKafkaOptions): MemoryKafka;
}

/** A Kafka cluster in this process. Topics are created with `admin().ensureTopics()`, as in a real one. */
export function memoryKafka(options: MemoryKafkaOptions = {}): MemoryKafka {
  return new MemoryCluster({
    log: new MemoryLog(),
    faults: noFaults(),
    groups: new Map(),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    network: options.network ?? ((broker) => broker),
  });
}

interface Shared {
  readonly log: MemoryLog;
  readonly faults: MemoryFaults;
  readonly groups: Map<string, MemoryGroup>;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: (broker: ProduceTransport) => ProduceTransport;
}

class MemoryCluster implements MemoryKafka {
  readonly #shared: Shared;
  readonly #producers = new Set<RecordProducer>();
  readonly #consumers = new Set<PartitionConsumer>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  get faults(): MemoryFaults {
    return this.#shared.faults;
  }

  producer(options: ProducerOptions = {}): RecordProducer {
    const { log, faults, clock, random, network } = this.#shared;
    const producer = new BatchingProducer(options, {
      transport: network(new MemoryTransport(log, faults, clock)),
      clock,
      random,
    });
    this.#producers.add(producer);
    return producer;
  }

  consumer(): MemoryConsumer {
    const { log, faults, clock, groups } = this.#shared;
    const group = (id: string): MemoryGroup => {
      const found = groups.get(id) ?? new MemoryGroup(id, log);
      groups.set(id, found);
      return found;
    };
    const consumer = new MemoryConsumer({ log, faults, clock, group });
    this.#consumers.add(consumer);
    return consumer;
  }

  admin(): KafkaAdmin {
    return new MemoryAdmin(this.#shared);
  }

  records(topic: string): InRecord[] {
    return this.#shared.log.topics.get(topic)?.partitions.flat() ?? [];
  }

  logReader(): LogReader {
    return new MemoryLogReader(this.#shared.log, this.#shared.faults);
  }

  trim(topic: string, partition: number, begin: number): void {
    this.#shared.log.trim(topic, partition, begin);
  }

  client(own: MemoryKafkaOptions = {}): MemoryKafka {
    return new MemoryCluster({ ...this.#shared, ...own });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    for (const producer of this.#producers) {
      await producer.flush(FLUSH_MS).catch(() => undefined);
      await producer.close();
    }
  }
}
