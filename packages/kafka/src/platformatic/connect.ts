import { systemClock, systemRandom } from '@chatplatform/runtime';
import type { KafkaDeps } from '../kafka-deps.ts';
import type { KafkaAdmin } from '../port/admin.ts';
import type { ConsumerOptions, PartitionConsumer } from '../port/consumer.ts';
import type { Kafka, KafkaConfig } from '../port/kafka.ts';
import type { LogReader } from '../port/log-reader.ts';
import type { ProducerOptions, RecordProducer } from '../port/producer.ts';
import { BatchingProducer } from '../produce/batching-producer.ts';
import { finish } from '../produce/finish.ts';
import { PlatformaticAdmin } from './admin.ts';
import { Cluster } from './cluster.ts';
import { PlatformaticConsumer } from './consumer.ts';
import { PlatformaticLogReader } from './log-reader.ts';
import { PlatformaticTransport } from './produce-transport.ts';

/** A real cluster through @platformatic/kafka. Connects lazily, in retry loops; never throws because a broker is down. */
export function connectPlatformatic(config: KafkaConfig, deps: KafkaDeps): Kafka {
  return new PlatformaticKafka(config, { clock: systemClock, random: systemRandom, ...deps });
}

class PlatformaticKafka implements Kafka {
  readonly #config: KafkaConfig;
  readonly #deps: Required<KafkaDeps>;
  readonly #producers = new Set<RecordProducer>();
  readonly #consumers = new Set<PartitionConsumer>();
  #admin: PlatformaticAdmin | undefined;
  #reader: PlatformaticLogReader | undefined;

  constructor(config: KafkaConfig, deps: Required<KafkaDeps>) {
    this.#config = config;
    this.#deps = deps;
  }

  producer(options: ProducerOptions = {}): RecordProducer {
    const { clock, random } = this.#deps;
    const transport = new PlatformaticTransport(this.#cluster(), clock);
    const producer = new BatchingProducer(options, { transport, clock, random });
    this.#producers.add(producer);
    return producer;
  }

  consumer(options: ConsumerOptions = {}): PartitionConsumer {
    const consumer = new PlatformaticConsumer(options, { ...this.#deps, cluster: this.#cluster() });
    this.#consumers.add(consumer);
    return consumer;
  }

  admin(): KafkaAdmin {
    this.#admin ??= new PlatformaticAdmin({ ...this.#deps, cluster: this.#cluster() });
    return this.#admin;
  }

  logReader(): LogReader {
    this.#reader ??= new PlatformaticLogReader({ ...this.#deps, cluster: this.#cluster() });
    return this.#reader;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.stop()));
    await Promise.all(Array.from(this.#producers, (producer) => finish(producer)));
    await Promise.all([this.#admin?.close(), this.#reader?.close()]);
  }

  /** Connections of its own for each client: a slow answer to one holds up no other. */
  #cluster(): Cluster {
    return new Cluster(this.#config, this.#deps.clock);
  }
}
