import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import type { TopicSpec, TopicState } from '../port/admin.ts';
import { rootOf } from './failures.ts';

// Node finds only some of kafkajs's names in a named import (it is CommonJS); these two are not among them.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** How topics are; absent ones have 0 partitions. Config: what differs from the broker's defaults. */
export async function describeTopics(admin: Admin, names: readonly string[]): Promise<TopicState[]> {
  const existing = new Set(await admin.listTopics());
  const present = names.filter((name) => existing.has(name));
  if (present.length === 0) return names.map(absent);
  const { topics } = await admin.fetchTopicMetadata({ topics: present });
  const configs = await topicConfigs(admin, present);
  return names.map((name) => {
    const partitions = topics.find((topic) => topic.name === name)?.partitions;
    if (partitions === undefined) return absent(name);
    return {
      name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      config: ownSettings(configs.get(name) ?? []),
      outcome: 'present',
    };
  });
}

/** Creates what is missing, sets what differs; reports what it must not change. */
export async function ensureTopics(admin: Admin, specs: readonly TopicSpec[]): Promise<TopicState[]> {
  const before = await describeTopics(
    admin,
    specs.map((spec) => spec.name),
  );
  const missing = specs.filter((_, index) => before[index]?.outcome === 'absent');
  if (missing.length > 0) await create(admin, missing);
  const now =
    missing.length > 0
      ? await describeTopics(
          admin,
          specs.map((spec) => spec.name),
        )
      : before;
  const states: TopicState[] = [];
  for (const [index, spec] of specs.entries()) {
    states.push(
      await settle(admin, spec, { state: now[index] ?? absent(spec.name), created: missing.includes(spec) }),
    );
  }
  return states;
}

async function settle(
  admin: Admin,
  spec: TopicSpec,
  found: { state: TopicState; created: boolean },
): Promise<TopicState> {
  const { state, created } = found;
  const wanted = spec.config ?? {};
  const config = Object.fromEntries(Object.keys(wanted).map((key) => [key, state.config[key] ?? '']));
  const problem = problemWith(spec, state);
  if (problem !== undefined) return { ...state, config, outcome: 'wrong', problem };
  if (created) return { ...state, config: wanted, outcome: 'created' };
  const differs = await differing(admin, spec, state);
  if (!differs) return { ...state, config: wanted, outcome: 'present' };
  // AlterConfigs replaces all settings of the topic, so those that are not ours are sent along.
  const entries = { ...state.config, ...wanted };
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: spec.name, configEntries: toEntries(entries) }],
  });
  return { ...state, config: wanted, outcome: 'configured' };
}

/** A wanted value that equals the broker's default is not among the topic's own settings, yet in force. */
async function differing(admin: Admin, spec: TopicSpec, state: TopicState): Promise<boolean> {
  const wanted = Object.entries(spec.config ?? {});
  if (wanted.every(([key, value]) => state.config[key] === value)) return false;
  const inForce = new Map(
    (await topicConfigs(admin, [spec.name]))
      .get(spec.name)
      ?.map((entry) => [entry.configName, entry.configValue]),
  );
  return wanted.some(([key, value]) => inForce.get(key) !== value);
}

function problemWith(spec: TopicSpec, state: TopicState): string | undefined {
  if (state.partitions === spec.partitions) return undefined;
  return `topic ${spec.name} has ${state.partitions} partitions, not ${spec.partitions}; the count is fixed once messages exist: ask for ${state.partitions} or use another platform name`;
}

async function create(admin: Admin, specs: readonly TopicSpec[]): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: specs.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: spec.replicationFactor,
        configEntries: toEntries(spec.config ?? {}),
      })),
    });
  } catch (error) {
    // Another process was faster.
    if (rootOf(error).type !== 'TOPIC_ALREADY_EXISTS') throw error;
  }
}

async function topicConfigs(admin: Admin, names: readonly string[]): Promise<Map<string, ConfigEntries[]>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(resources.map((resource) => [resource.resourceName, resource.configEntries]));
}

function ownSettings(entries: readonly ConfigEntries[]): Record<string, string> {
  const own = entries.filter((entry) => entry.configSource === ConfigSource.TOPIC_CONFIG);
  return Object.fromEntries(own.map((entry) => [entry.configName, entry.configValue]));
}

function toEntries(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}

function absent(name: string): TopicState {
  return { name, partitions: 0, replicationFactor: 0, config: {}, outcome: 'absent' };
}
