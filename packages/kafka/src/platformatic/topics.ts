import {
  ConfigResourceTypes,
  ConfigSources,
  createTopicsV7,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka';
import type { Clock } from '@chatplatform/runtime';
import type { TopicSpec } from '../port/admin.ts';
import type { TopicOperations, TopicSetting } from '../topics/topics.ts';
import type { Cluster } from './cluster.ts';
import { brokerErrorOf } from './failures.ts';

/** Longest the controller may work on a change, ms; shorter than our own wait, so that it can say so. */
const CHANGE_TIMEOUT_MS = 5_000;
/** A broker learns of a change some milliseconds after the controller took it. */
const LOOK_EVERY_MS = 50;
const LOOKS = 100;

/** Topics by Kafka's admin requests; any broker passes them on to the controller. */
export function topicOperations({ cluster, clock }: { cluster: Cluster; clock: Clock }): TopicOperations {
  const settings = (names: readonly string[]): Promise<Map<string, readonly TopicSetting[]>> =>
    settingsOf(cluster, names);
  return {
    find: (names) => find(cluster, names),
    settings,
    create: async (specs) => {
      await create(cluster, specs);
      await until(clock, () => allServed(cluster, specs));
    },
    change: async (topic, changes) => {
      const wanted = Object.entries(changes);
      await change(cluster, topic, wanted);
      await until(clock, async () => {
        const now = new Map((await settings([topic])).get(topic)?.map(({ name, value }) => [name, value]));
        return wanted.every(([name, value]) => now.get(name) === value);
      });
    },
  };
}

async function find(
  cluster: Cluster,
  names: readonly string[],
): Promise<Map<string, { partitions: number; replicationFactor: number }>> {
  await cluster.refresh(names);
  const found = new Map<string, { partitions: number; replicationFactor: number }>();
  for (const name of names) {
    const partitions = cluster.topic(name)?.partitions;
    if (partitions !== undefined)
      found.set(name, { partitions: partitions.length, replicationFactor: partitions[0]?.replicas ?? 0 });
  }
  return found;
}

async function settingsOf(
  cluster: Cluster,
  names: readonly string[],
): Promise<Map<string, readonly TopicSetting[]>> {
  const resources = names.map((resourceName) => ({ resourceType: ConfigResourceTypes.TOPIC, resourceName }));
  const { results } = await cluster.call({}, describeConfigsV4.api, [resources, false, false]);
  return new Map(
    results.map(({ resourceName, configs }) => [
      resourceName,
      configs.map(({ name, value, configSource }) => ({
        name,
        value: value ?? '',
        own: configSource === ConfigSources.TOPIC_CONFIG,
      })),
    ]),
  );
}

async function create(cluster: Cluster, specs: readonly TopicSpec[]): Promise<void> {
  const topics = specs.map(({ name, partitions, replicationFactor, config = {} }) => ({
    name,
    numPartitions: partitions,
    replicationFactor,
    assignments: [],
    configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }));
  try {
    await cluster.call({}, createTopicsV7.api, [topics, CHANGE_TIMEOUT_MS, false]);
  } catch (error) {
    // Another process was faster.
    if (brokerErrorOf(error) !== 'TOPIC_ALREADY_EXISTS') throw error;
  }
}

async function change(
  cluster: Cluster,
  topic: string,
  wanted: readonly (readonly [string, string])[],
): Promise<void> {
  const configs = wanted.map(([name, value]) => ({
    name,
    value,
    configOperation: IncrementalAlterConfigOperationTypes.SET,
  }));
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs };
  await cluster.call({}, incrementalAlterConfigsV1.api, [[resource], false]);
}

async function allServed(cluster: Cluster, specs: readonly TopicSpec[]): Promise<boolean> {
  await cluster.refresh(specs.map(({ name }) => name));
  return specs.every(({ name }) => {
    const partitions = cluster.topic(name)?.partitions ?? [];
    return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
  });
}

/** Looks for some seconds; what is not so by then shows in the state that is reported. */
async function until(clock: Clock, check: () => Promise<boolean>): Promise<void> {
  for (let looks = 1; looks < LOOKS && !(await check()); looks += 1) await clock.sleep(LOOK_EVERY_MS);
}
