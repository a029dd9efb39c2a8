import { names } from '@chatplatform/platform';
import { kafkaBroker } from '../../resources/kafka-broker.ts';
import type { ComponentResult } from '../component.ts';
import type { ConditionDraft, Pass } from '../pass.ts';
import { Reasons } from '../reasons.ts';
import type { KafkaObservation } from './watch.ts';

/** Kafka: the broker of EmbeddedDev, and what is seen of any other. */
export async function reconcileKafka(
  pass: Pass,
  deps: { image: string; observation: KafkaObservation },
): Promise<ComponentResult> {
  const { spec, owner } = pass;
  if (spec.kafka.mode === 'EmbeddedDev') {
    for (const manifest of kafkaBroker(spec, owner, deps.image)) await pass.apply(manifest);
  }
  const { observation } = deps;
  return {
    conditions: [kafkaReady(observation), topicsReady(pass, observation)],
    status: {
      kafka: {
        mode: spec.kafka.mode,
        ...(observation.clusterId ? { clusterId: observation.clusterId } : {}),
        topics: observation.topics
          .filter((topic) => topic.partitions > 0)
          .map(({ name, partitions, replicationFactor }) => ({ name, partitions, replicationFactor })),
      },
    },
  };
}

function kafkaReady(seen: KafkaObservation): ConditionDraft {
  if (seen.reachable === undefined) {
    return {
      type: 'KafkaReady',
      status: 'Unknown',
      reason: Reasons.connecting,
      message: 'Kafka is being contacted',
    };
  }
  if (!seen.reachable) {
    return {
      type: 'KafkaReady',
      status: 'False',
      reason: Reasons.unreachable,
      message: `Kafka does not answer: ${seen.problem}`,
    };
  }
  return {
    type: 'KafkaReady',
    status: 'True',
    reason: Reasons.reachable,
    message: `Kafka cluster ${seen.clusterId} answers`,
  };
}

function topicsReady(pass: Pass, seen: KafkaObservation): ConditionDraft {
  const wrong = seen.topics.find((topic) => topic.outcome === 'wrong' || topic.partitions === 0);
  if (seen.topics.length === 0) {
    return {
      type: 'TopicsReady',
      status: 'Unknown',
      reason: Reasons.waitingForKafka,
      message: 'topics are checked once Kafka answers',
    };
  }
  if (!wrong) {
    return {
      type: 'TopicsReady',
      status: 'True',
      reason: Reasons.topicsPresent,
      message: `${seen.topics.length} topics are as asked`,
    };
  }
  const { topics } = names(pass.owner.namespace, pass.owner.name);
  const { partitions } = pass.spec.kafka.messages;
  if (wrong.name === topics.messages && wrong.partitions > 0 && wrong.partitions !== partitions) {
    return {
      type: 'TopicsReady',
      status: 'False',
      reason: Reasons.partitionCountChanged,
      message: `topic ${wrong.name} has ${wrong.partitions} partitions and the spec says ${partitions}; rooms would change partition and lose their order: make a new platform, or restore the topic`,
    };
  }
  return {
    type: 'TopicsReady',
    status: 'False',
    reason: Reasons.topicMismatch,
    message: wrong.problem ?? `topic ${wrong.name} is missing`,
  };
}
