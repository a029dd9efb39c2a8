import kafkajs, { type Admin, type ConfigEntries } from 'kafkajs';
import type { TopicSpec } from '../port/admin.ts';
import type { TopicOperations, TopicSetting } from '../topics/topics.ts';
import { rootOf } from './failures.ts';

// Node finds only some of kafkajs's names in a named import (it is CommonJS); these two are not among them.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

/** Topics by kafkajs's admin client. */
export function topicOperations(admin: Admin): TopicOperations {
  return {
    find: async (names) => {
      const existing = new Set(await admin.listTopics());
      const present = names.filter((name) => existing.has(name));
      if (present.length === 0) return new Map();
      const { topics } = await admin.fetchTopicMetadata({ topics: present });
      return new Map(
        topics.map(({ name, partitions }) => [
          name,
          { partitions: partitions.length, replicationFactor: partitions[0]?.replicas.length ?? 0 },
        ]),
      );
    },
    settings: async (names) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
      });
      return new Map(
        resources.map(({ resourceName, configEntries }) => [resourceName, configEntries.map(toSetting)]),
      );
    },
    create: (specs) => create(admin, specs),
    change: async (topic, changes, own) => {
      // AlterConfigs replaces all settings of the topic, so those that are not ours are sent along.
      const configEntries = toEntries({ ...own, ...changes });
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      });
    },
  };
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

function toSetting({ configName, configValue, configSource }: ConfigEntries): TopicSetting {
  return { name: configName, value: configValue, own: configSource === ConfigSource.TOPIC_CONFIG };
}

function toEntries(config: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(config).map(([name, value]) => ({ name, value }));
}
