import { connectKafka } from '@chatplatform/kafka';
import { names, topicPlans, type ChatPlatform } from '@chatplatform/platform';
import { systemClock, systemRandom } from '@chatplatform/runtime';
import { startKafka, startRedis, type KafkaStore, type RedisStore } from '@chatplatform/testkit';
import { CliError } from '../errors.ts';
import type { Instance, ProgramState } from '../instance/instance.ts';
import { identityOf, type StoreAddresses } from './settings.ts';

/** The stores of a platform in process mode: started here, or somewhere else already. */
export interface Stores {
  readonly addresses: StoreAddresses;
  programs(): ProgramState[];
  /** Starts again what died. Called every second. */
  revive(): Promise<void>;
  /** Stops what was started here and keeps its data. */
  stop(): Promise<void>;
}

/** Starts Kafka and Redis where the resource asks for the built-in ones, with data in the instance's folder. */
export async function startStores(platform: ChatPlatform, instance: Instance): Promise<Stores> {
  const { kafka, redis } = platform.spec;
  if (kafka.mode !== 'EmbeddedDev' || redis.mode !== 'SingleDev') {
    throw new CliError(
      'usage',
      `kafka.mode ${kafka.mode} and redis.mode ${redis.mode} name stores outside this machine`,
      'process mode runs its own: write kafka.mode: EmbeddedDev and redis.mode: SingleDev',
    );
  }
  const [kafkaStore, redisStore] = await startBoth(instance);
  return {
    addresses: {
      kafka: { bootstrapServers: kafkaStore.bootstrapServers },
      redis: { endpoints: [`${redisStore.host}:${redisStore.port}`], cluster: false },
    },
    programs: () => [
      describe('kafka', kafkaStore, instance.path('kafka', 'logs')),
      describe('redis', redisStore, instance.path('redis')),
    ],
    revive: async () => {
      if (!kafkaStore.brokers.every((broker) => broker.process.running)) await kafkaStore.restart();
      if (!redisStore.nodes.every((node) => node.process.running)) await redisStore.restart();
    },
    stop: async () => {
      await Promise.all([kafkaStore.halt(), redisStore.halt()]);
    },
  };
}

async function startBoth(instance: Instance): Promise<[KafkaStore, RedisStore]> {
  const [kafka, redis] = await Promise.allSettled([
    startKafka({ dir: instance.path('kafka') }),
    startRedis({ dir: instance.path('redis') }),
  ]);
  if (kafka.status === 'fulfilled' && redis.status === 'fulfilled') return [kafka.value, redis.value];
  if (kafka.status === 'fulfilled') await kafka.value.halt();
  if (redis.status === 'fulfilled') await redis.value.halt();
  const failed = kafka.status === 'rejected' ? kafka : (redis as PromiseRejectedResult);
  throw failed.reason;
}

function describe(role: 'kafka' | 'redis', store: KafkaStore | RedisStore, log: string): ProgramState {
  return { name: role, role, restarts: 0, log, ...runningPid(store) };
}

function runningPid(store: KafkaStore | RedisStore): { pid?: number } {
  try {
    return { pid: store.pid };
  } catch {
    return {};
  }
}

/** Makes the platform's topics and its epoch, as the operator does in Kubernetes. */
export async function prepareTopics(platform: ChatPlatform, addresses: StoreAddresses): Promise<void> {
  const identity = identityOf(platform);
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const kafka = connectKafka(
    { bootstrapServers: addresses.kafka.bootstrapServers, clientId: 'chatctl' },
    { logger: log, clock: systemClock, random: systemRandom },
  );
  try {
    const states = await kafka.admin().ensureTopics(topicPlans(platform.spec, identity));
    const wrong = states.find((state) => state.outcome === 'wrong');
    if (wrong !== undefined) {
      throw new CliError(
        'start-failed',
        `topic ${wrong.name}: ${wrong.problem ?? 'is not as asked'}`,
        'change the file back, or begin anew with `chatctl down --purge`',
      );
    }
    const { control } = names(identity.namespace, identity.name).topics;
    await patiently(() => kafka.admin().ensureEpoch(control));
  } finally {
    await kafka.close();
  }
}

/** A topic just made has no leader for a moment, and a broker just started says so. */
const PATIENCE_MS = 10_000;
const AGAIN_MS = 100;

async function patiently(act: () => Promise<unknown>): Promise<void> {
  const deadline = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      const again = (error as { retryable?: boolean }).retryable === true;
      if (!again || systemClock.monotonic() > deadline) throw error;
      await systemClock.sleep(AGAIN_MS);
    }
  }
}
