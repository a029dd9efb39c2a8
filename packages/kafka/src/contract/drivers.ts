import { connectKafka } from '../kafkajs/connect.ts';
import { connectPlatformatic } from '../platformatic/connect.ts';
import type { Kafka, KafkaConfig, KafkaLogger } from '../port/kafka.ts';

/** A logger for tests that judge by what is promised, not by what is said. */
export const quiet: KafkaLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Every driver that reaches real brokers. */
export const drivers = {
  kafkajs: (config: KafkaConfig): Kafka => connectKafka(config, { logger: quiet }),
  platformatic: (config: KafkaConfig): Kafka => connectPlatformatic(config, { logger: quiet }),
} as const;

/** Names of {@link drivers}. */
export const driverNames = Object.keys(drivers) as (keyof typeof drivers)[];
