import { names } from '../names.ts';
import type { ChatPlatformSpec } from '../v1alpha1/spec.ts';

/** A topic as the platform wants it. Same shape as the admin port's topic specification. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Only settings that the platform owns. */
  readonly config: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;
// Outcomes and dead letters are read soon or by hand: a week is enough for a long weekend.
const SIDE_RETENTION_HOURS = 168;
// Consumers of outcomes scale less than the chat pipeline.
const MAX_SIDE_PARTITIONS = 12;

/** Pure: the four topics of a platform with their settings. The first one is the message log. */
export function topicPlans(
  spec: ChatPlatformSpec,
  platform: { readonly namespace: string; readonly name: string },
): [TopicPlan, ...TopicPlan[]] {
  const { topics } = names(platform.namespace, platform.name);
  const { messages } = spec.kafka;
  // One broker can hold one copy, whatever the defaults say.
  const single = spec.kafka.mode === 'EmbeddedDev';
  const replicationFactor = single ? 1 : messages.replicationFactor;
  const durable = { 'min.insync.replicas': String(single ? 1 : messages.minInSyncReplicas) };
  // Whatever codec another producer uses, the broker keeps plain batches: kafkajs reads none but gzip, and a batch it
  // cannot read would stop its partition for good.
  const readable = { 'compression.type': 'uncompressed' };
  const side = {
    ...durable,
    ...readable,
    'cleanup.policy': 'delete',
    'retention.ms': String(SIDE_RETENTION_HOURS * HOUR_MS),
  };
  const sidePartitions = Math.min(messages.partitions, MAX_SIDE_PARTITIONS);
  return [
    {
      name: topics.messages,
      partitions: messages.partitions,
      replicationFactor,
      config: {
        ...Object.fromEntries(messages.config.map((entry) => [entry.name, entry.value])),
        ...durable,
        ...readable,
        'cleanup.policy': 'delete',
        'message.timestamp.type': 'LogAppendTime',
        'retention.ms': String(messages.retentionHours * HOUR_MS),
      },
    },
    { name: topics.events, partitions: sidePartitions, replicationFactor, config: side },
    { name: topics.deadLetters, partitions: 1, replicationFactor, config: side },
    {
      name: topics.control,
      partitions: 1,
      replicationFactor,
      config: { ...durable, 'cleanup.policy': 'compact' },
    },
  ];
}
