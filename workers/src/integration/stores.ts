import { connectKafka, type Kafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { openRedis, type Redis } from '@chatplatform/redis';
import { silentLogger } from '@chatplatform/telemetry';
import { startKafka, startRedis } from '@chatplatform/testkit';

/** A platform whose stores are wanted. */
interface PlatformOfTest {
  readonly namespace: string;
  readonly name: string;
  /** Of the message log. */
  readonly partitions: number;
  readonly eventPartitions: number;
}

/** Kafka and Redis as a worker finds them: topics made, and the log's epoch written. */
export interface RealStores {
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly epoch: string;
  /** What a worker's configuration says of them. */
  readonly config: {
    platform: { namespace: string; name: string };
    admin: { host: string; port: number };
    kafka: { bootstrapServers: string[] };
    redis: { endpoints: string[]; cluster: false };
  };
  stop(): Promise<void>;
}

/** Starts a real broker and a real Redis for one test file. */
export async function startStores(platform: PlatformOfTest): Promise<RealStores> {
  const { namespace, name, partitions, eventPartitions } = platform;
  const { topics, redisPrefix } = names(namespace, name);
  const [kafkaStore, redisStore] = await Promise.all([startKafka(), startRedis()]);
  const { bootstrapServers } = kafkaStore;
  const kafka = connectKafka({ bootstrapServers, clientId: 'it' }, { logger: silentLogger });
  const redis = openRedis({
    config: { url: redisStore.url, cluster: false },
    prefix: redisPrefix,
    deps: { logger: silentLogger },
  });
  await redis.ready(5_000);
  const stamped = { 'message.timestamp.type': 'LogAppendTime' };
  await kafka.admin().ensureTopics([
    { name: topics.messages, partitions, replicationFactor: 1, config: stamped },
    { name: topics.events, partitions: eventPartitions, replicationFactor: 1 },
    { name: topics.deadLetters, partitions: 1, replicationFactor: 1 },
    { name: topics.control, partitions: 1, replicationFactor: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
  return {
    kafka,
    redis,
    epoch: await kafka.admin().ensureEpoch(topics.control),
    config: {
      platform: { namespace, name },
      admin: { host: '127.0.0.1', port: 0 },
      kafka: { bootstrapServers: [...bootstrapServers] },
      redis: { endpoints: [`${redisStore.host}:${redisStore.port}`], cluster: false },
    },
    stop: async () => {
      await Promise.all([kafka.close(), redis.close()]);
      await Promise.all([kafkaStore.stop(), redisStore.stop()]);
    },
  };
}
