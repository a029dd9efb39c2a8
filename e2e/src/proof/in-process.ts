import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintToken, readKey } from '@chatplatform/cli';
import { startGateway, type RunningGateway } from '@chatplatform/gateway';
import { connectKafka, type Kafka } from '@chatplatform/kafka';
import {
  gatewayConfig,
  GatewayConfig,
  type GatewayConfigInput,
  workerConfig,
  WorkerConfig,
  type ChatPlatformSpec,
} from '@chatplatform/platform';
import { systemClock, systemRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import {
  devSpec,
  freePorts,
  makeTopics,
  startKafka,
  startRedis,
  type KafkaStore,
  type RedisStore,
  type RedisStoreOptions,
} from '@chatplatform/testkit';
import { startWorker, type RunningWorker } from '@chatplatform/workers';

/** A whole platform in this process, on real Kafka and Redis, whose parts can be given broken stores. */
export interface InProcessPlatform {
  readonly url: string;
  readonly token: (user: string) => Promise<string>;
  /** To be stopped, killed and restarted. */
  readonly stores: { readonly kafka: KafkaStore; readonly redis: RedisStore };
  /** A healthy connection, to be wrapped. */
  kafka(clientId: string): Kafka;
  /** Another gateway on the same port; `change` replaces parts of its configuration. */
  startGateway(kafka?: Kafka, change?: Partial<GatewayConfigInput>): Promise<RunningGateway>;
  startWorker(kafka?: Kafka): Promise<RunningWorker>;
  close(): Promise<void>;
}

const AUTH = { issuer: 'proof', audience: 'chat' };
const TOKEN_SECONDS = 3600;

/** Starts the stores and makes the topics of platform `chat/<name>`; gateways and workers are for the caller to start. */
export async function startInProcess(
  name: string,
  redis: RedisStoreOptions = {},
  driver: ChatPlatformSpec['kafka']['driver'] = 'kafkajs',
): Promise<InProcessPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'chatplatform-proof-'));
  const [kafkaStore, redisStore, [port = 0]] = await Promise.all([
    startKafka(),
    startRedis(redis),
    freePorts(1, '127.0.0.1'),
  ]);
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, randomBytes(32).toString('hex'));
  const platform = { namespace: 'chat', name };
  const spec = devSpec({ ...platform, auth: AUTH, driver, rooms: [{ prefix: 'board', kind: 'latest' }] });
  const around = {
    platform,
    kafka: { bootstrapServers: kafkaStore.bootstrapServers },
    redis: { endpoints: redisStore.endpoints, cluster: redis.cluster === true },
    paths: {
      authKey: keyFile,
      resumeKey: keyFile,
      signingKeys: keyFile,
      webhookSecrets: folder,
      rules: folder,
    },
  };
  const opened: { close(): Promise<void> }[] = [];
  const kafka = (clientId: string): Kafka => {
    const made = connectKafka(
      { ...around.kafka, clientId },
      { logger: silentLogger, clock: systemClock, random: systemRandom },
    );
    opened.push(made);
    return made;
  };
  await makeTopics(kafka('proof-admin').admin(), spec, platform);
  const key = await readKey(keyFile);
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    token: (user) => mintToken(key, { user, ...AUTH, ttlSeconds: TOKEN_SECONDS }),
    kafka,
    stores: { kafka: kafkaStore, redis: redisStore },
    startGateway: async (broken, change = {}) => {
      const config = GatewayConfig.parse({
        ...gatewayConfig(spec, around),
        listen: { host: '127.0.0.1', port, reusePort: true },
        admin: { host: '127.0.0.1', port: 0 },
        drain: { startDelaySeconds: 0, timeoutSeconds: 5 },
        ...change,
      });
      const gateway = await startGateway(config, { logger: silentLogger, ...(broken && { kafka: broken }) });
      opened.push(gateway);
      return gateway;
    },
    startWorker: async (broken) => {
      const config = WorkerConfig.parse({
        ...workerConfig(spec, around),
        admin: { host: '127.0.0.1', port: 0 },
      });
      const worker = await startWorker(config, { logger: silentLogger, ...(broken && { kafka: broken }) });
      opened.push(worker);
      return worker;
    },
    close: async () => {
      for (const each of opened.toReversed()) await each.close();
      await Promise.all([kafkaStore.stop(), redisStore.stop(), rm(folder, { recursive: true })]);
    },
  };
}
