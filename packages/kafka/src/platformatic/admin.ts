import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import { deleteTopicsV6 } from '@platformatic/kafka';
import { controlValues, ensureEpoch, type ControlLog, type ControlRecord } from '../control/epoch.ts';
import { KafkaError } from '../errors.ts';
import type { KafkaAdmin, PartitionLag, TopicSpec, TopicState } from '../port/admin.ts';
import { lagOf } from '../topics/lag.ts';
import { describeTopics, ensureTopics } from '../topics/topics.ts';
import type { Cluster } from './cluster.ts';
import { brokerErrorOf, isPassing, isUnknownTopic, toKafkaError } from './failures.ts';
import { GroupSession } from './group-session.ts';
import { EARLIEST, fetchOnce, LATEST, NO_EPOCH, offsetAt } from './log-requests.ts';
import { PlatformaticTransport } from './produce-transport.ts';
import { fromBatches } from './records.ts';
import { topicOperations } from './topics.ts';

/** Waits while the cluster is busy with itself, ms; with {@link MAX_TRIES} about 4 s in all. */
const RETRY = { base: 100, factor: 2, max: 1_000, jitter: 0.5 } as const;
const MAX_TRIES = 8;
/** Longest the controller may work on a change, ms. */
const CHANGE_TIMEOUT_MS = 5_000;
/** Of one fetch of a control topic, bytes. */
const CONTROL_BYTES = 1024 * 1024;
/** Longest wait of such a fetch, ms: what is read is known to be there. */
const CONTROL_WAIT_MS = 500;

interface Deps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: Random;
}

/** Administration through one set of connections. */
export class PlatformaticAdmin implements KafkaAdmin {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<TopicState[]> {
    return this.#call('ensuring topics', () => ensureTopics(topicOperations(this.#deps), specs), isSettling);
  }

  describeTopics(names: readonly string[]): Promise<TopicState[]> {
    return this.#call(
      'describing topics',
      () => describeTopics(topicOperations(this.#deps), names),
      isSettling,
    );
  }

  async partitionCount(topic: string): Promise<number> {
    return (await this.#call(`looking for ${topic}`, (cluster) => partitionsOf(cluster, topic))).length;
  }

  groupLag(group: string, topic: string): Promise<PartitionLag[]> {
    return this.#call(`reading the lag of ${group}`, async (cluster) => {
      const partitions = await partitionsOf(cluster, topic);
      const committed = await this.#group(group, topic).committed(topic, partitions);
      return Promise.all(
        partitions.map(async (partition) => {
          const begin = await offsetAt(cluster, { topic, partition }, EARLIEST);
          const end = await offsetAt(cluster, { topic, partition }, LATEST);
          return lagOf({ partition, begin, end, committed: committed.get(partition) ?? -1 });
        }),
      );
    });
  }

  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number> {
    return this.#call(`finding an offset of ${topic}`, async (cluster) => {
      if (!(await partitionsOf(cluster, topic)).includes(partition))
        throw new KafkaError('unknown-topic', `topic ${topic} has no partition ${partition}`);
      const found = await offsetAt(cluster, { topic, partition }, BigInt(Math.floor(timestampMs)));
      return found < 0 ? offsetAt(cluster, { topic, partition }, LATEST) : found;
    });
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#call('deleting topics', async (cluster) => {
      await cluster.refresh([...names]);
      const topics = names.filter((name) => cluster.topic(name) !== undefined).map((name) => ({ name }));
      if (topics.length === 0) return;
      await cluster.call({}, deleteTopicsV6.api, [topics, CHANGE_TIMEOUT_MS]).catch((error: unknown) => {
        // Another process was faster.
        if (brokerErrorOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
      });
    });
  }

  async readControl(topic: string): Promise<Record<string, string>> {
    return controlValues(await this.#control(topic).read());
  }

  ensureEpoch(controlTopic: string, lost?: string): Promise<string> {
    return ensureEpoch(this.#control(controlTopic), this.#deps, lost);
  }

  clusterId(): Promise<string> {
    return this.#call('reading the cluster id', async (cluster) => {
      await cluster.refresh([]);
      return cluster.clusterId;
    });
  }

  close(): Promise<void> {
    return this.#deps.cluster.close();
  }

  #control(topic: string): ControlLog {
    return {
      read: () => this.#call(`reading ${topic}`, (cluster) => readWhole(cluster, topic)),
      append: (key, value) =>
        this.#call(`writing to ${topic}`, async (cluster) => {
          await partitionsOf(cluster, topic);
          const transport = new PlatformaticTransport(cluster, this.#deps.clock);
          const [result] = await transport.send([
            { topic, partition: 0, records: [{ topic, partition: 0, key, value }] },
          ]);
          if (result?.ok === false) throw result.error;
        }),
    };
  }

  /** Only for its commits; it never joins. */
  #group(groupId: string, topic: string): GroupSession {
    const settings = {
      groupId,
      topics: [topic],
      instanceId: null,
      sessionTimeoutMs: 0,
      rebalanceTimeoutMs: 0,
    };
    return new GroupSession(settings, this.#deps);
  }

  async #call<T>(
    doing: string,
    fn: (cluster: Cluster) => Promise<T>,
    passes: (error: unknown) => boolean = isPassing,
  ): Promise<T> {
    const wait = backoff(RETRY, this.#deps.random);
    for (let tries = 1; ; tries += 1) {
      try {
        return await fn(this.#deps.cluster);
      } catch (error) {
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

/** Numbers of a topic's partitions by fresh metadata. */
async function partitionsOf(cluster: Cluster, topic: string): Promise<number[]> {
  await cluster.refresh([topic]);
  const view = cluster.topic(topic);
  if (view !== undefined) return [...view.partitions.keys()];
  throw new KafkaError('unknown-topic', `topic ${topic} does not exist; create it with ensureTopics() first`);
}

/** All of partition 0 of a small topic, oldest first. */
async function readWhole(cluster: Cluster, topic: string): Promise<ControlRecord[]> {
  await partitionsOf(cluster, topic);
  const at = { topic, partition: 0 };
  const end = await offsetAt(cluster, at, LATEST);
  const found: ControlRecord[] = [];
  let position = await offsetAt(cluster, at, EARLIEST);
  while (position < end) {
    const partition = {
      partition: 0,
      currentLeaderEpoch: NO_EPOCH,
      fetchOffset: BigInt(position),
      lastFetchedEpoch: NO_EPOCH,
      partitionMaxBytes: CONTROL_BYTES,
    };
    const topics = [{ topicId: cluster.topic(topic)?.id ?? '', partitions: [partition] }];
    const answer = await fetchOnce(cluster, { node: cluster.leaderOf(topic, 0) }, CONTROL_WAIT_MS, topics);
    const batches = answer.responses[0]?.partitions[0]?.records ?? [];
    const { records, next } = fromBatches(0, position, batches);
    found.push(...records.map(({ key, value }) => ({ key: key ?? '', value: value?.toString() ?? null })));
    if (next === position)
      throw new KafkaError('unavailable', `${topic} ends before offset ${end} at the moment`);
    position = next;
  }
  return found;
}
