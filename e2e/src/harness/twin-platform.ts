import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintToken, readKey } from '@chatplatform/cli';
import { startGateway } from '@chatplatform/gateway';
import { memoryKafka } from '@chatplatform/kafka';
import {
  gatewayConfig,
  GatewayConfig,
  workerConfig,
  WorkerConfig,
  type ChatPlatformSpecInput,
} from '@chatplatform/platform';
import { memoryRedis } from '@chatplatform/redis';
import { noTracer, silentLogger, type Tracer } from '@chatplatform/telemetry';
import { devSpec, makeTopics } from '@chatplatform/testkit';
import { startWorker } from '@chatplatform/workers';

/** A platform in this process: the real gateway on a real port and the real worker, on stores in memory. */
export interface TwinPlatform {
  /** Where clients connect. */
  readonly url: string;
  /** A token with which `user` may do everything. */
  token(user: string): Promise<string>;
  close(): Promise<void>;
}

const PLATFORM = { namespace: 'chat', name: 'twin' };
const AUTH = { issuer: 'twin', audience: 'chat' };
const TOKEN_SECONDS = 3600;
/** Milliseconds between two looks at the gateway while it starts. */
const LOOK_MS = 20;
/** Configuration demands addresses; nobody dials them. */
const STORES = {
  kafka: { bootstrapServers: ['unused:1'] },
  redis: { endpoints: ['unused:1'], cluster: false },
};

/** Starts a platform without brokers within a second; `rooms` as in the resource. */
export async function startTwinPlatform(
  rooms: ChatPlatformSpecInput['rooms'] = [],
  tracers: { gateway: Tracer; worker: Tracer } = { gateway: noTracer, worker: noTracer },
): Promise<TwinPlatform> {
  const folder = await mkdtemp(join(tmpdir(), 'chatplatform-twin-'));
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, randomBytes(32).toString('hex'));
  const spec = devSpec({ ...PLATFORM, auth: AUTH, partitions: 2, rooms });
  const log = memoryKafka();
  const store = memoryRedis();
  await makeTopics(log.admin(), spec, PLATFORM);
  const paths = {
    authKey: keyFile,
    resumeKey: keyFile,
    signingKeys: folder,
    webhookSecrets: folder,
    rules: folder,
  };
  const around = { platform: PLATFORM, ...STORES, paths };
  const nearby = { admin: { host: '127.0.0.1', port: 0 } };
  const opened: { close(): Promise<void> }[] = [];
  const stores = () => {
    const mine = { kafka: log.client(), redis: store.open() };
    opened.push(mine.kafka, mine.redis);
    return { ...mine, logger: silentLogger };
  };
  const worker = await startWorker(WorkerConfig.parse({ ...workerConfig(spec, around), ...nearby }), {
    ...stores(),
    tracer: tracers.worker,
  });
  const gateway = await startGateway(
    GatewayConfig.parse({
      ...gatewayConfig(spec, around),
      ...nearby,
      listen: { host: '127.0.0.1', port: 0 },
      drain: { startDelaySeconds: 0, timeoutSeconds: 5 },
    }),
    { ...stores(), tracer: tracers.gateway },
  );
  await isReady(gateway.adminUrl);
  const key = await readKey(keyFile);
  return {
    url: gateway.url,
    token: (user) => mintToken(key, { user, ...AUTH, ttlSeconds: TOKEN_SECONDS }),
    close: async () => {
      await gateway.kill();
      await worker.close();
      for (const each of [...opened, log]) await each.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Resolves when the gateway has reached its stores. */
async function isReady(adminUrl: string): Promise<void> {
  for (;;) {
    const { ok } = await fetch(`${adminUrl}/readyz`);
    if (ok) return;
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
}
