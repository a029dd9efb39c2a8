import type { Admin, Kafka as KafkaJs, Message, Producer, RecordMetadata, TopicMessages } from 'kafkajs';
import type { Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { OutRecord } from '../port/producer.ts';
import type { ProduceTransport, Slice, SliceResult } from '../produce/transport.ts';
import { toKafkaError, writtenAfter } from './failures.ts';

/** Longest a broker waits for its replicas, ms; shorter than the request timeout, so that it can say so. */
const ACK_TIMEOUT_MS = 4_000;
/** Leaders are asked for again at most this often, ms. */
const REFRESH_MS = 250;
/** Leaders not known yet share one flight. */
const UNKNOWN_LEADER = '?';

/** Sends through kafkajs, one attempt per call (its own retries would reorder and hide what happened). */
export class KafkajsTransport implements ProduceTransport {
  readonly #producer: Producer;
  readonly #admin: Admin;
  readonly #clock: Clock;
  readonly #leaders = new Map<string, string>();
  readonly #topics = new Set<string>();
  #connecting: Promise<void> | undefined;
  #refreshing = false;
  #refreshedAt = -Infinity;
  #closed = false;

  constructor(client: KafkaJs, clock: Clock) {
    this.#producer = client.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      maxInFlightRequests: 1,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    this.#admin = client.admin();
    this.#clock = clock;
  }

  leaderOf(topic: string, partition: number): string {
    this.#topics.add(topic);
    const leader = this.#leaders.get(`${topic}/${partition}`);
    if (leader === undefined) this.#refresh();
    return leader ?? UNKNOWN_LEADER;
  }

  async send(slices: readonly Slice[]): Promise<readonly SliceResult[]> {
    try {
      await this.#connect();
      const answers = await this.#producer.sendBatch({
        acks: -1,
        timeout: ACK_TIMEOUT_MS,
        topicMessages: toTopicMessages(slices),
      });
      const byPartition = new Map(
        answers.map((answer) => [`${answer.topicName}/${answer.partition}`, answer]),
      );
      return slices.map((slice) => this.#resultOf(byPartition.get(`${slice.topic}/${slice.partition}`)));
    } catch (error) {
      this.#refresh();
      const failure = toKafkaError(error, 'writing to Kafka');
      // kafkajs names one failed partition of the request; the others may have been written.
      const written = slices.length > 1 ? 'unknown' : writtenAfter(error);
      return slices.map(() => ({ ok: false, error: failure, written }));
    }
  }

  async probe(): Promise<KafkaError | undefined> {
    try {
      await this.#connect();
      await this.#admin.describeCluster();
      return undefined;
    } catch (error) {
      return toKafkaError(error, 'asking the brokers');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => undefined);
    await Promise.allSettled([this.#producer.disconnect(), this.#admin.disconnect()]);
  }

  #connect(): Promise<void> {
    if (this.#closed) return Promise.reject(new KafkaError('closed', 'the producer was closed'));
    this.#connecting ??= this.#connectBoth().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #connectBoth(): Promise<void> {
    await this.#producer.connect();
    await this.#admin.connect();
  }

  #refresh(): void {
    const now = this.#clock.monotonic();
    if (this.#refreshing || this.#closed || now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshing = true;
    this.#refreshedAt = now;
    void this.#readLeaders().finally(() => {
      this.#refreshing = false;
    });
  }

  /** A failure is left to the next attempt to send: it asks again. */
  async #readLeaders(): Promise<void> {
    try {
      await this.#connect();
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [...this.#topics] });
      for (const { name, partitions } of topics) {
        for (const { partitionId, leader } of partitions)
          this.#leaders.set(`${name}/${partitionId}`, String(leader));
      }
    } catch {
      this.#leaders.clear();
    }
  }

  #resultOf(answer: RecordMetadata | undefined): SliceResult {
    if (answer?.baseOffset === undefined) {
      return {
        ok: false,
        written: 'unknown',
        error: new KafkaError('unavailable', 'the broker answered without this partition'),
      };
    }
    const logAppendTime = Number(answer.logAppendTime ?? -1);
    // -1: the topic keeps the producer's time.
    return {
      ok: true,
      baseOffset: Number(answer.baseOffset),
      timestamp: logAppendTime < 0 ? this.#clock.now() : logAppendTime,
    };
  }
}

function toTopicMessages(slices: readonly Slice[]): TopicMessages[] {
  const byTopic = new Map<string, Message[]>();
  for (const { topic, partition, records } of slices) {
    const messages = byTopic.get(topic) ?? [];
    byTopic.set(topic, messages);
    for (const record of records) messages.push(toMessage(record, partition));
  }
  return Array.from(byTopic, ([topic, messages]) => ({ topic, messages }));
}

function toMessage(record: OutRecord, partition: number): Message {
  const message: Message = { key: record.key, value: record.value, partition };
  if (record.headers !== undefined) message.headers = { ...record.headers };
  return message;
}
