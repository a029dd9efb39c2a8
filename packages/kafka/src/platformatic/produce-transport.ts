import { produceV9 } from '@platformatic/kafka';
import type { Clock } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { ProduceTransport, Slice, SliceResult } from '../produce/transport.ts';
import { codeOfBrokerError, isMaybeWritten } from '../broker-errors.ts';
import type { Cluster } from './cluster.ts';
import { answerOf, toKafkaError, writtenAfter } from './failures.ts';
import { nameOfError } from './error-names.ts';
import { grouped } from './grouped.ts';
import { toMessages } from './records.ts';

/** acks=all: the leader and every replica in sync. */
const ALL = -1;
/** Longest a broker waits for its replicas, ms; shorter than our own wait, so that it can say so. */
const ACK_TIMEOUT_MS = 4_000;
/** One produce attempt, ms: half of a record's deadline, so that a hanging broker leaves time for another. */
const ANSWER_TIMEOUT_MS = 5_000;
/** Leaders are asked for again at most this often, ms. */
const REFRESH_MS = 250;
/** Leaders not known yet share one flight. */
const UNKNOWN_LEADER = '?';

type PartitionAnswer = produceV9.ProduceResponsePartition;

/** Sends through @platformatic/kafka's protocol layer: one request per leader and call, an outcome per partition. */
export class PlatformaticTransport implements ProduceTransport {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #topics = new Set<string>();
  #refreshing: Promise<void> | undefined;
  #refreshedAt = -Infinity;
  #refreshFailure: KafkaError | undefined;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  leaderOf(topic: string, partition: number): string {
    this.#topics.add(topic);
    const leader = this.#cluster.leaderOf(topic, partition);
    if (leader === undefined) void this.#refresh();
    return leader === undefined ? UNKNOWN_LEADER : String(leader);
  }

  async send(slices: readonly Slice[]): Promise<readonly SliceResult[]> {
    const unknown = slices.some(
      ({ topic, partition }) => this.#cluster.leaderOf(topic, partition) === undefined,
    );
    const failure = unknown ? await this.#refresh() : undefined;
    const byLeader = grouped(slices, ({ topic, partition }) => this.#cluster.leaderOf(topic, partition));
    const results = new Map<Slice, SliceResult>();
    await Promise.all(
      Array.from(byLeader, async ([node, share]) => {
        const outcomes =
          node === undefined
            ? share.map((slice) => this.#leaderless(slice, failure))
            : await this.#sendTo(node, share);
        share.forEach((slice, index) => results.set(slice, outcomes[index] as SliceResult));
      }),
    );
    const all = slices.map((slice) => results.get(slice) as SliceResult);
    if (all.some(({ ok }) => !ok)) void this.#refresh();
    return all;
  }

  async probe(): Promise<KafkaError | undefined> {
    try {
      await this.#cluster.refresh([...this.#topics]);
      return undefined;
    } catch (error) {
      return toKafkaError(error, 'asking the brokers');
    }
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  async #sendTo(node: number, slices: readonly Slice[]): Promise<SliceResult[]> {
    try {
      const to = { node, timeoutMs: ANSWER_TIMEOUT_MS };
      const answer = await this.#cluster.call(to, produceV9.api, [
        ALL,
        ACK_TIMEOUT_MS,
        toMessages(slices),
        {},
      ]);
      return this.#outcomes(slices, answer as produceV9.ProduceResponse);
    } catch (error) {
      const partial = answerOf(error) as produceV9.ProduceResponse | undefined;
      if (partial?.responses !== undefined) return this.#outcomes(slices, partial);
      const failure = toKafkaError(error, 'writing to Kafka');
      const written = writtenAfter(error);
      return slices.map(() => ({ ok: false, error: failure, written }));
    }
  }

  #outcomes(slices: readonly Slice[], { responses }: produceV9.ProduceResponse): SliceResult[] {
    const answers = new Map<string, PartitionAnswer>();
    for (const { name, partitionResponses } of responses) {
      for (const answer of partitionResponses) answers.set(`${name}/${answer.index}`, answer);
    }
    return slices.map((slice) => this.#outcome(slice, answers.get(`${slice.topic}/${slice.partition}`)));
  }

  #outcome({ topic, partition }: Slice, answer: PartitionAnswer | undefined): SliceResult {
    if (answer === undefined) {
      const error = new KafkaError('unavailable', 'the broker answered without this partition');
      return { ok: false, written: 'unknown', error };
    }
    if (answer.errorCode !== 0) {
      const name = nameOfError(answer.errorCode);
      const reason = answer.errorMessage === null ? name : `${name}, ${answer.errorMessage}`;
      const error = new KafkaError(codeOfBrokerError(name), `writing to ${topic}[${partition}]: ${reason}`);
      return { ok: false, written: isMaybeWritten(name) ? 'unknown' : 'no', error };
    }
    const appended = Number(answer.logAppendTimeMs);
    // -1: the topic keeps the producer's time.
    const timestamp = appended < 0 ? this.#clock.now() : appended;
    return { ok: true, baseOffset: Number(answer.baseOffset), timestamp };
  }

  /** No leader: the topic does not exist as far as the brokers know, has none at the moment, or none could be asked. */
  #leaderless({ topic, partition }: Slice, failure: KafkaError | undefined): SliceResult {
    const known = this.#cluster.topic(topic);
    const error =
      failure ??
      (known?.partitions[partition] === undefined
        ? new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`)
        : new KafkaError('unavailable', `${topic}[${partition}] has no leader at the moment`));
    return { ok: false, written: 'no', error };
  }

  /** Resolves with what went wrong; a failure is left to the next attempt to send: it asks again. */
  async #refresh(): Promise<KafkaError | undefined> {
    const now = this.#clock.monotonic();
    if (this.#refreshing === undefined && now - this.#refreshedAt >= REFRESH_MS) {
      this.#refreshedAt = now;
      this.#refreshing = this.#askForLeaders().finally(() => {
        this.#refreshing = undefined;
      });
    }
    await this.#refreshing;
    return this.#refreshFailure;
  }

  async #askForLeaders(): Promise<void> {
    try {
      await this.#cluster.refresh([...this.#topics]);
      this.#refreshFailure = undefined;
    } catch (error) {
      this.#refreshFailure = toKafkaError(error, 'asking for the leaders');
    }
  }
}
