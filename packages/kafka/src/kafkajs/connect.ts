import { systemClock, systemRandom } from '@chatplatform/runtime';
import type { Kafka as KafkaJs } from 'kafkajs';
import type { KafkaDeps } from '../kafka-deps.ts';
import type { KafkaAdmin } from '../port/admin.ts';
import type { ConsumerOptions, PartitionConsumer } from '../port/consumer.ts';
import type { Kafka, KafkaConfig } from '../port/kafka.ts';
import type { LogReader } from '../port/log-reader.ts';
import type { ProducerOptions, RecordProducer } from '../port/producer.ts';
import { BatchingProducer } from '../produce/batching-producer.ts';
import { finish } from '../produce/finish.ts';
import { KafkajsAdmin } from './admin.ts';
import { kafkaJsClient } from './client.ts';
import { KafkajsConsumer } from './consumer.ts';
import { KafkajsLogReader } from './log-reader.ts';
import { KafkajsTransport } from './produce-transport.ts';

/** One produce attempt, ms: half of a record's deadline, so that a hanging broker leaves time for another. */
const PRODUCE_TIMEOUT_MS = 5_000;
/** Requests of consumers and admins, ms; joins and fetches set their own, longer ones. */
const REQUEST_TIMEOUT_MS = 10_000;

/** A real cluster through kafkajs. Connects lazily, in retry loops; never throws because a broker is down. */
export function connectKafka(config: KafkaConfig, deps: KafkaDeps): Kafka {
  return new KafkajsKafka(config, { clock: systemClock, random: systemRandom, ...deps });
}

class KafkajsKafka implements Kafka {
  readonly #deps: Required<KafkaDeps>;
  readonly #produceClient: KafkaJs;
  readonly #client: KafkaJs;
  readonly #producers = new Set<RecordProducer>();
  readonly #consumers = new Set<PartitionConsumer>();
  #admin: KafkajsAdmin | undefined;
  #reader: KafkajsLogReader | undefined;

  constructor(config: KafkaConfig, deps: Required<KafkaDeps>) {
    this.#deps = deps;
    this.#produceClient = kafkaJsClient(config, deps.logger, {
      retries: 0,
      requestTimeoutMs: PRODUCE_TIMEOUT_MS,
    });
    this.#client = kafkaJsClient(config, deps.logger, { retries: 5, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  }

  producer(options: ProducerOptions = {}): RecordProducer {
    const { clock, random } = this.#deps;
    const transport = new KafkajsTransport(this.#produceClient, clock);
    const producer = new BatchingProducer(options, { transport, clock, random });
    this.#producers.add(producer);
    return producer;
  }

  consumer(options: ConsumerOptions = {}): PartitionConsumer {
    const admin = this.#sharedAdmin();
    const consumer = new KafkajsConsumer(options, {
      ...this.#deps,
      client: this.#client,
      committed: (groupId, topic, partition) => admin.committed(groupId, topic, partition),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  admin(): KafkaAdmin {
    return this.#sharedAdmin();
  }

  logReader(): LogReader {
    this.#reader ??= new KafkajsLogReader({ ...this.#deps, client: this.#client });
    return this.#reader;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#consumers, (consumer) => consumer.stop()));
    await Promise.all(Array.from(this.#producers, (producer) => finish(producer)));
    await Promise.all([this.#admin?.close(), this.#reader?.close()]);
  }

  #sharedAdmin(): KafkajsAdmin {
    this.#admin ??= new KafkajsAdmin({ ...this.#deps, client: this.#client });
    return this.#admin;
  }
}
