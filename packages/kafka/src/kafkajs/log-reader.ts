import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Kafka as KafkaJs } from 'kafkajs';
import Batch from 'kafkajs/src/consumer/batch.js';
import { KafkaError } from '../errors.ts';
import { FETCH_BYTES, LEADER_RETRY, MAX_TRIES, readRange } from '../log-reading.ts';
import type { InRecord } from '../port/consumer.ts';
import type { LogBounds, LogPiece, LogPlace, LogRange, LogReader } from '../port/log-reader.ts';
import { clusterOf, type Cluster } from './cluster.ts';
import { isPassing, rootOf, toKafkaError } from './failures.ts';
import { toRecords } from './records.ts';

/** Nothing is waited for: with `minBytes` 0 a broker answers at once, and kafkajs makes of this the request's timeout. */
const FETCH_TIMEOUT_MS = 5_000;
const FETCH_MIN_BYTES = 0;
const READ_UNCOMMITTED = 0;

interface Deps {
  readonly client: KafkaJs;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Fetch requests to the leaders over connections of its own, one per broker. Not a kafkajs consumer: those join a
 * group, which takes seconds, and read ahead of what is asked.
 */
export class KafkajsLogReader implements LogReader {
  readonly #deps: Deps;
  readonly #cluster: Cluster;
  #connecting: Promise<void> | undefined;
  #closed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#cluster = clusterOf(deps.client);
  }

  read(range: LogRange): Promise<InRecord[]> {
    const { topic, partition } = range;
    return readRange(range, (offset) => this.piece({ topic, partition, offset }));
  }

  async piece(place: LogPlace): Promise<LogPiece> {
    const batch = await this.#fetch(place);
    const next = batch.rawMessages.length === 0 ? place.offset : Number(batch.lastOffset()) + 1;
    return { records: toRecords(batch), next };
  }

  bounds(topic: string, partition: number): Promise<LogBounds> {
    return this.#call(`finding the ends of ${topic}/${partition}`, topic, async () => {
      const ask = async (fromBeginning: boolean): Promise<number> => {
        const found = await this.#cluster.fetchTopicsOffset([
          { topic, partitions: [{ partition }], fromBeginning },
        ]);
        const offset = found[0]?.partitions.find((entry) => entry.partition === partition)?.offset;
        if (offset !== undefined) return Number(offset);
        throw new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`);
      };
      // In this order an answer is never an end before its begin.
      const begin = await ask(true);
      return { begin, end: await ask(false) };
    });
  }

  /** For the client that made it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#connecting?.catch(() => undefined);
    await this.#cluster.disconnect().catch(() => undefined);
  }

  #fetch({ topic, partition, offset }: LogPlace): Promise<Batch> {
    return this.#call(`reading ${topic}/${partition} at ${offset}`, topic, async () => {
      const leaders = this.#cluster.findLeaderForPartitions(topic, [partition]);
      const nodeId = Object.keys(leaders)[0];
      if (nodeId === undefined)
        throw new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`);
      const broker = await this.#cluster.findBroker({ nodeId });
      const { responses } = await broker.fetch({
        maxWaitTime: FETCH_TIMEOUT_MS,
        minBytes: FETCH_MIN_BYTES,
        maxBytes: FETCH_BYTES,
        // As the consumers of this package: nothing in these logs is transactional.
        isolationLevel: READ_UNCOMMITTED,
        topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: FETCH_BYTES }] }],
      });
      const found = responses[0]?.partitions[0];
      if (found !== undefined) return new Batch(topic, String(offset), found);
      throw new KafkaError('unavailable', `the broker answered without partition ${partition} of ${topic}`);
    });
  }

  /** Leaders move: on any failure but a clear refusal they are asked for again. */
  async #call<T>(doing: string, topic: string, ask: () => Promise<T>): Promise<T> {
    const wait = backoff(LEADER_RETRY, this.#deps.random);
    for (let tries = 1; ; tries += 1) {
      if (this.#closed) throw new KafkaError('closed', 'the log reader was closed');
      try {
        await this.#connect();
        await this.#cluster.addTargetTopic(topic);
        return await ask();
      } catch (error) {
        if (!isWorthAnotherTry(error) || tries === MAX_TRIES) throw toKafkaError(error, doing);
      }
      await this.#deps.clock.sleep(wait.next());
      await this.#cluster.refreshMetadata().catch(() => undefined);
    }
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#cluster.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }
}

/** A topic just made, or a broker that comes back, is known everywhere in a moment. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof KafkaError) return error.retryable;
  const { type, name } = rootOf(error);
  return (
    isPassing(error) ||
    type === 'UNKNOWN_TOPIC_OR_PARTITION' ||
    name === 'KafkaJSConnectionError' ||
    name === 'KafkaJSConnectionClosedError' ||
    name === 'KafkaJSBrokerNotFound'
  );
}
