import type { Admin, Kafka as KafkaJs } from 'kafkajs';
import type { Broker, Exchange, ProduceAnswer, ProducedPartition } from 'kafkajs/src/cluster/index.js';
import { createErrorFromCode, failure } from 'kafkajs/src/protocol/error.js';
import Produce from 'kafkajs/src/protocol/requests/produce/index.js';
import type { Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { ProduceTransport, Slice, SliceResult } from '../produce/transport.ts';
import { clusterOf, type Cluster } from './cluster.ts';
import { toKafkaError, writtenAfter } from './failures.ts';
import { encodeProduce } from './produce-request.ts';

/** Longest a broker waits for its replicas, ms; shorter than the request timeout, so that it can say so. */
const ACK_TIMEOUT_MS = 4_000;
/** Leaders are asked for again at most this often, ms. */
const REFRESH_MS = 250;
/** Leaders not known yet share one flight. */
const UNKNOWN_LEADER = '?';
/** Kafka's number of the Produce API. */
const PRODUCE = 0;
const ACKS_ALL = -1;

/**
 * Sends over kafkajs's connections, one attempt per call (its producer's own retries would reorder and hide what
 * happened). Requests are encoded here: its producer copies a batch once per message of it.
 */
export class KafkajsTransport implements ProduceTransport {
  readonly #cluster: Cluster;
  readonly #admin: Admin;
  readonly #clock: Clock;
  readonly #leaders = new Map<string, string>();
  readonly #topics = new Set<string>();
  /** Topics whose metadata the cluster keeps fresh. */
  readonly #targets = new Set<string>();
  #connecting: Promise<void> | undefined;
  #refreshing = false;
  #refreshedAt = -Infinity;
  #closed = false;
  /** Something failed since the leaders were asked for: they may be others now. */
  #stale = false;

  constructor(client: KafkaJs, clock: Clock) {
    this.#cluster = clusterOf(client, { maxInFlightRequests: 1 });
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
      await this.#prepare(slices);
      const results = new Map<Slice, SliceResult>();
      const requests = Array.from(this.#byLeader(slices), ([nodeId, led]) =>
        this.#produce(nodeId, led, results),
      );
      await Promise.all(requests);
      return slices.map((slice) => results.get(slice) ?? this.#withoutLeader(slice));
    } catch (error) {
      // Nothing was sent.
      return slices.map(() => this.#failed(error, 'no'));
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
    await Promise.allSettled([this.#cluster.disconnect(), this.#admin.disconnect()]);
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
    await this.#cluster.connect();
    await this.#admin.connect();
  }

  /** Connections and leaders, as fresh as they have to be. */
  async #prepare(slices: readonly Slice[]): Promise<void> {
    await this.#connect();
    if (!this.#cluster.isConnected()) await this.#cluster.connect();
    for (const { topic } of slices) {
      if (this.#targets.has(topic)) continue;
      await this.#cluster.addTargetTopic(topic);
      this.#targets.add(topic);
    }
    if (!this.#stale) return this.#cluster.refreshMetadataIfNecessary();
    this.#stale = false;
    return this.#cluster.refreshMetadata();
  }

  /** One flight has one leader as far as `leaderOf` knew; it may have moved since. */
  #byLeader(slices: readonly Slice[]): Map<string, Slice[]> {
    const led = new Map<string, Slice[]>();
    for (const slice of slices) {
      const [nodeId] = Object.keys(this.#cluster.findLeaderForPartitions(slice.topic, [slice.partition]));
      if (nodeId === undefined) continue;
      const others = led.get(nodeId);
      if (others === undefined) led.set(nodeId, [slice]);
      else others.push(slice);
    }
    return led;
  }

  /** One request to one leader. Never rejects. */
  async #produce(nodeId: string, led: readonly Slice[], results: Map<Slice, SliceResult>): Promise<void> {
    try {
      const answer = await this.#ask(await this.#cluster.findBroker({ nodeId }), led);
      const partitions = new Map<string, ProducedPartition>();
      for (const topic of answer.topics) {
        for (const entry of topic.partitions) partitions.set(`${topic.topicName}/${entry.partition}`, entry);
      }
      for (const slice of led)
        results.set(slice, this.#resultOf(partitions.get(`${slice.topic}/${slice.partition}`)));
    } catch (error) {
      const written = writtenAfter(error);
      for (const slice of led) results.set(slice, this.#failed(error, written));
    }
  }

  async #ask(broker: Broker, led: readonly Slice[]): Promise<ProduceAnswer> {
    const head = { acks: ACKS_ALL, timeout: ACK_TIMEOUT_MS };
    const { request, response } = broker.lookupRequest(PRODUCE, Produce)({ ...head, topicData: [] });
    const { acks, timeout: timeoutMs } = head;
    const buffer = encodeProduce(led, { acks, timeoutMs, now: this.#clock.now() });
    const exchange: Exchange = {
      request: { ...request, encode: () => Promise.resolve({ buf: buffer, buffer }) },
      // Its own reading ends with the first partition that failed; here each one counts for itself.
      response: { ...response, parse: (decoded) => Promise.resolve(decoded) },
    };
    try {
      return await broker.connectionPool.send(exchange);
    } catch (error) {
      const { name, host, port } = error as Error & { host: string; port: number };
      if (name === 'KafkaJSConnectionClosedError') {
        await broker.disconnect();
        this.#cluster.removeBroker({ host, port });
      }
      throw error;
    }
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

  #resultOf(answer: ProducedPartition | undefined): SliceResult {
    if (answer === undefined) {
      const error = new KafkaError('unavailable', 'the broker answered without this partition');
      return this.#failed(error, 'unknown');
    }
    if (failure(answer.errorCode)) {
      const error = createErrorFromCode(answer.errorCode);
      return this.#failed(error, writtenAfter(error));
    }
    const logAppendTime = Number(answer.logAppendTime);
    // -1: the topic keeps the producer's time.
    return {
      ok: true,
      baseOffset: Number(answer.baseOffset),
      timestamp: logAppendTime < 0 ? this.#clock.now() : logAppendTime,
    };
  }

  #withoutLeader({ topic, partition }: Slice): SliceResult {
    return this.#failed(new KafkaError('unavailable', `${topic}[${partition}] has no leader`), 'no');
  }

  /** Whatever failed: who leads is asked for again. */
  #failed(error: unknown, written: 'no' | 'unknown'): SliceResult {
    this.#stale = true;
    this.#refresh();
    return { ok: false, error: toKafkaError(error, 'writing to Kafka'), written };
  }
}
