import type { KafkaDeps } from './kafka-deps.ts';
import { connectKafka } from './kafkajs/connect.ts';
import type { Kafka, KafkaConfig } from './port/kafka.ts';

/** A cluster through the driver that the configuration names. The second driver is loaded only when it is named. */
export async function openKafka(config: KafkaConfig, deps: KafkaDeps): Promise<Kafka> {
  if (config.driver !== 'platformatic') return connectKafka(config, deps);
  const { connectPlatformatic } = await import('./platformatic/connect.ts');
  return connectPlatformatic(config, deps);
}
