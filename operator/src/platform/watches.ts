import type { Kafka, KafkaConfig } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { type KubeClient, type KubeObject, KubeError, Resources } from '../kube/index.ts';
import { kafkaConnection, redisConnection } from '../resources/secret-files.ts';
import { kafkaConfigOf, type KafkaObservation, type KafkaWatch, kafkaWatch } from './kafka/watch.ts';
import type { Pass } from './pass.ts';
import { type PingRedis, type RedisObservation, type RedisWatch, redisWatch } from './redis/watch.ts';
import { CREATED_TOPICS } from './teardown.ts';

/** The live probes of every platform's stores. */
export interface Watches {
  /** What is known now; starts or re-aims the probes. Never waits for a store. */
  of(pass: Pass): Promise<{ kafka: KafkaObservation; redis: RedisObservation }>;
  deleteTopics(key: string, topics: readonly string[]): Promise<void>;
  forget(key: string): Promise<void>;
  stop(): Promise<void>;
}

/** What the probes are given. */
export interface WatchesDeps {
  readonly client: KubeClient;
  readonly connectKafka: (config: KafkaConfig) => Kafka;
  readonly pingRedis: PingRedis;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fence: () => void;
  readonly enqueue: (key: string) => void;
}

/** One Kafka and one Redis probe per platform, made on first sight. */
export function createWatches(deps: WatchesDeps): Watches {
  const known = new Map<string, { kafka: KafkaWatch; redis: RedisWatch }>();

  const watchesOf = (pass: Pass): { kafka: KafkaWatch; redis: RedisWatch } => {
    const existing = known.get(pass.key);
    if (existing) return existing;
    const { key, owner } = pass;
    const onChange = (): void => deps.enqueue(key);
    const made = {
      kafka: kafkaWatch({
        connect: deps.connectKafka,
        clock: deps.clock,
        logger: deps.logger,
        fence: deps.fence,
        onChange,
        onCreated: (topics) => void rememberCreated(deps, owner, topics),
      }),
      redis: redisWatch({ ping: deps.pingRedis, clock: deps.clock, onChange }),
    };
    known.set(key, made);
    return made;
  };

  return {
    of: async (pass) => {
      const { spec, owner } = pass;
      const { kafka, redis } = watchesOf(pass);
      const readSecret = secretReader(deps.client, owner.namespace);
      try {
        const connection = await kafkaConfigOf(kafkaConnection(spec, owner), spec, readSecret);
        kafka.aim({
          platform: { namespace: owner.namespace, name: owner.name },
          spec,
          connection,
          readOnly: pass.paused,
        });
        const ca = spec.redis.external?.tls?.caSecretRef;
        const { endpoints, tls } = redisConnection(spec, owner);
        redis.aim({
          endpoints,
          ...(tls ? { tls: ca ? { ca: await readSecret(ca.name, ca.key) } : {} } : {}),
        });
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        deps.logger.warn(
          { key: pass.key, reason: error.message },
          'a store cannot be probed without its secret',
        );
      }
      return { kafka: kafka.observation(), redis: redis.observation() };
    },
    deleteTopics: async (key, topics) => {
      const watch = known.get(key)?.kafka;
      if (!watch) throw new Error('Kafka has not been contacted since the operator started');
      await watch.deleteTopics(topics);
    },
    forget: async (key) => {
      const watch = known.get(key);
      known.delete(key);
      watch?.redis.stop();
      await watch?.kafka.stop();
    },
    stop: async () => {
      const all = [...known.values()];
      known.clear();
      for (const { redis } of all) redis.stop();
      await Promise.all(all.map(({ kafka }) => kafka.stop()));
    },
  };
}

function secretReader(client: KubeClient, namespace: string): (name: string, key: string) => Promise<string> {
  return async (name, key) => {
    const secret: (KubeObject & { data?: Record<string, string> }) | undefined = await client.get(
      Resources.secret,
      namespace,
      name,
    );
    const value = secret?.data?.[key];
    if (value === undefined) throw new KubeError('not-found', `Secret ${name} has no key ${key}`);
    return Buffer.from(value, 'base64').toString('utf8');
  };
}

/** Written on the object itself: only what we made may be deleted with it. */
async function rememberCreated(
  deps: WatchesDeps,
  owner: { namespace: string; name: string },
  topics: readonly string[],
): Promise<void> {
  try {
    const object = await deps.client.get(Resources.chatPlatform, owner.namespace, owner.name);
    if (!object) return;
    const before = object.metadata.annotations?.[CREATED_TOPICS]?.split(',') ?? [];
    const all = [...new Set([...before, ...topics])].sort().join(',');
    await deps.client.patch(
      Resources.chatPlatform,
      { namespace: owner.namespace, name: owner.name },
      {
        metadata: {
          resourceVersion: object.metadata.resourceVersion,
          annotations: { [CREATED_TOPICS]: all },
        },
      },
    );
  } catch (error) {
    deps.logger.warn(
      { err: error, topics },
      'could not note which topics were created; they will be kept when the platform goes',
    );
  }
}
