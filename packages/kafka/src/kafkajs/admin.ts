import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Admin, Kafka as KafkaJs } from 'kafkajs';
import { controlValues, ensureEpoch, type ControlLog } from '../control/epoch.ts';
import { KafkaError } from '../errors.ts';
import type { KafkaAdmin, PartitionLag, TopicSpec, TopicState } from '../port/admin.ts';
import { isPassing, isUnknownTopic, toKafkaError } from './failures.ts';
import { readWholeTopic } from './topic-reader.ts';
import { describeTopics, ensureTopics } from '../topics/topics.ts';
import { lagOf } from '../topics/lag.ts';
import { topicOperations } from './topics.ts';

/** Waits while the cluster is busy with itself, ms; with {@link MAX_TRIES} about 4 s in all. */
const RETRY = { base: 100, factor: 2, max: 1_000, jitter: 0.5 } as const;
const MAX_TRIES = 8;

interface Deps {
  readonly client: KafkaJs;
  readonly clock: Clock;
  readonly random: Random;
}

/** One admin connection, made at the first call and again after it broke. */
export class KafkajsAdmin implements KafkaAdmin {
  readonly #deps: Deps;
  readonly #admin: Admin;
  #connecting: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#admin = deps.client.admin();
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<TopicState[]> {
    return this.#call('ensuring topics', (admin) => ensureTopics(topicOperations(admin), specs), isSettling);
  }

  describeTopics(names: readonly string[]): Promise<TopicState[]> {
    return this.#call(
      'describing topics',
      (admin) => describeTopics(topicOperations(admin), names),
      isSettling,
    );
  }

  async partitionCount(topic: string): Promise<number> {
    const [state] = await this.describeTopics([topic]);
    if (state !== undefined && state.partitions > 0) return state.partitions;
    throw new KafkaError(
      'unknown-topic',
      `topic ${topic} does not exist; create it with ensureTopics() first`,
    );
  }

  groupLag(group: string, topic: string): Promise<PartitionLag[]> {
    return this.#call(`reading the lag of ${group}`, async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const [commits] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const committed = new Map(
        commits?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
      );
      return ends
        .map(({ partition, low, high }) =>
          lagOf({
            partition,
            begin: Number(low),
            end: Number(high),
            committed: committed.get(partition) ?? -1,
          }),
        )
        .sort((a, b) => a.partition - b.partition);
    });
  }

  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number> {
    return this.#call(`finding an offset of ${topic}`, async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
      const found = offsets.find((entry) => entry.partition === partition);
      if (found !== undefined) return Number(found.offset);
      throw new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`);
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#call('deleting topics', async (admin) => {
      const existing = new Set(await admin.listTopics());
      const topics = names.filter((name) => existing.has(name));
      if (topics.length > 0) await admin.deleteTopics({ topics });
    });
  }

  async readControl(topic: string): Promise<Record<string, string>> {
    return controlValues(await this.#control(topic).read());
  }

  ensureEpoch(controlTopic: string, lost?: string): Promise<string> {
    return ensureEpoch(this.#control(controlTopic), this.#deps, lost);
  }

  clusterId(): Promise<string> {
    return this.#call('reading the cluster id', async (admin) => (await admin.describeCluster()).clusterId);
  }

  /** The group's committed offset of one partition, `undefined` when there is none. */
  committed(groupId: string, topic: string, partition: number): Promise<number | undefined> {
    return this.#call(`reading the commits of ${groupId}`, async (admin) => {
      const [commits] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const offset = Number(commits?.partitions.find((entry) => entry.partition === partition)?.offset ?? -1);
      return offset < 0 ? undefined : offset;
    });
  }

  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    await this.#admin.disconnect().catch(() => undefined);
    this.#connecting = undefined;
  }

  #control(topic: string): ControlLog {
    const { client, random } = this.#deps;
    return {
      read: () => this.#call(`reading ${topic}`, (admin) => readWholeTopic(topic, { client, admin, random })),
      append: (key, value) =>
        this.#call(`writing to ${topic}`, () => appendOne(client, topic, { key, value })),
    };
  }

  async #call<T>(
    doing: string,
    fn: (admin: Admin) => Promise<T>,
    passes: (error: unknown) => boolean = isPassing,
  ): Promise<T> {
    const wait = backoff(RETRY, this.#deps.random);
    for (let tries = 1; ; tries += 1) {
      try {
        this.#connecting ??= this.#admin.connect();
        await this.#connecting;
        return await fn(this.#admin);
      } catch (error) {
        this.#connecting = undefined;
        if (!passes(error) || tries === MAX_TRIES) throw toKafkaError(error, doing);
      }
      await this.#deps.clock.sleep(wait.next());
    }
  }
}

/** What was just made, or found on one broker, may be unknown to another for a moment. */
function isSettling(error: unknown): boolean {
  return isPassing(error) || isUnknownTopic(error);
}

/** Rare (once per platform): a producer of its own costs one connection for a moment. */
async function appendOne(
  client: KafkaJs,
  topic: string,
  message: { key: string; value: string },
): Promise<void> {
  const producer = client.producer({ allowAutoTopicCreation: false, createPartitioner: () => () => 0 });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: [message] });
  } finally {
    await producer.disconnect();
  }
}
