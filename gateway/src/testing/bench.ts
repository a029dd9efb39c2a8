import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { memoryKafka, type Kafka, type MemoryKafka } from '@chatplatform/kafka';
import { GatewayConfig, names, type GatewayConfigInput } from '@chatplatform/platform';
import type { Capabilities } from '@chatplatform/protocol';
import { memoryRedis, type MemoryRedis, type Redis } from '@chatplatform/redis';
import { silentLogger, type Logger } from '@chatplatform/telemetry';
import { startGateway, type GatewayDeps } from '../gateway.ts';
import type { RunningGateway } from '../running-gateway.ts';
import { RawClient, type Line } from './raw-client.ts';
import { TwinWorker } from './twin-worker.ts';

/** What a bench stands on; twins in memory unless given. */
export interface BenchStores {
  /** A client of its own per caller, as processes have. */
  kafka: () => Kafka;
  redis: () => Redis;
}

/** Admits admin writes. */
export const ADMIN_TOKEN = 'admin token of the tests';
const SECRET = 'a secret of the tests, long enough for HS256';
const PLATFORM = { namespace: 'test', name: 'bench' };
const TOPICS = names(PLATFORM.namespace, PLATFORM.name).topics;
const PARTITIONS = 6;

/** Until a real Redis is reached, ms. */
const READY_MS = 10_000;

/** Everything a test of whole gateways needs: stores, a worker, tokens, clients. */
export class Bench {
  readonly stores: BenchStores;
  readonly gateways: RunningGateway[] = [];
  readonly clients: RawClient[] = [];
  readonly #opened: { close(): Promise<void> }[] = [];
  worker!: TwinWorker;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  readonly #logger: Logger;
  #insts = 0;

  private constructor(stores: BenchStores, logger: Logger) {
    this.stores = stores;
    this.#logger = logger;
    writeFileSync(join(this.#folder, 'key'), SECRET);
    writeFileSync(join(this.#folder, 'admin-token'), ADMIN_TOKEN);
  }

  static async open(stores: BenchStores = twins(), logger: Logger = silentLogger): Promise<Bench> {
    const bench = new Bench(stores, logger);
    const kafka = bench.#own(stores.kafka());
    await kafka.admin().ensureTopics([
      {
        name: TOPICS.messages,
        partitions: PARTITIONS,
        replicationFactor: 1,
        config: { 'message.timestamp.type': 'LogAppendTime' },
      },
      { name: TOPICS.control, partitions: 1, replicationFactor: 1, config: { 'cleanup.policy': 'compact' } },
    ]);
    const epoch = await kafka.admin().ensureEpoch(TOPICS.control);
    const redis = bench.#own(stores.redis());
    await redis.ready(READY_MS);
    // As the first worker of a new platform does.
    await redis.keyspace.establish({ complete: true });
    bench.worker = new TwinWorker({ kafka, redis, epoch, name: 'worker-1' });
    await bench.worker.run(TOPICS.messages, 'chat');
    return bench;
  }

  async gateway(
    change: Partial<GatewayConfigInput> = {},
    deps: Partial<GatewayDeps> = {},
  ): Promise<RunningGateway> {
    const config = GatewayConfig.parse({
      platform: PLATFORM,
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0, tokenFile: join(this.#folder, 'admin-token') },
      kafka: { bootstrapServers: ['unused:1'] },
      redis: { endpoints: ['unused:1'] },
      auth: {
        issuer: 'tests',
        audience: 'chat',
        algorithms: ['HS256'],
        key: { file: join(this.#folder, 'key') },
      },
      drain: { startDelaySeconds: 0, timeoutSeconds: 5 },
      live: {
        limits: {
          connectionsPerSecondPerIP: 10_000,
          publishesPerSecondPerUser: 10_000,
          publishBurstPerUser: 10_000,
        },
      },
      ...change,
    });
    const stores = {
      kafka: this.#own(this.stores.kafka()),
      redis: this.#own(this.stores.redis()),
      logger: this.#logger,
    };
    const gateway = await startGateway(config, { ...stores, ...deps });
    this.gateways.push(gateway);
    await wholeness(gateway);
    return gateway;
  }

  /** A JWT for `user`; by default it may do everything everywhere. */
  async token(
    user: string,
    claims: { caps?: Capabilities; expiresInSeconds?: number; jti?: string; issuedAt?: number } = {},
  ): Promise<string> {
    const caps = claims.caps ?? { '**': ['join', 'publish', 'history', 'presence'], '@**': ['publish'] };
    const now = claims.issuedAt ?? Math.floor(Date.now() / 1000);
    const id = claims.jti === undefined ? {} : { jti: claims.jti };
    return new SignJWT({ caps, ...id })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(user)
      .setIssuer('tests')
      .setAudience('chat')
      .setIssuedAt(now)
      .setExpirationTime(now + (claims.expiresInSeconds ?? 3600))
      .sign(createSecretKey(SECRET, 'utf8'));
  }

  /** A connected client that said nothing yet. */
  async dial(gateway: RunningGateway, options?: Parameters<typeof RawClient.connect>[1]): Promise<RawClient> {
    const client = await RawClient.connect(gateway.url, options);
    this.clients.push(client);
    return client;
  }

  /** A client whose hello was answered. */
  async client(gateway: RunningGateway, user: string, hello: object = {}): Promise<GreetedClient> {
    const raw = await this.dial(gateway);
    const inst = this.inst();
    const greeting = { token: await this.token(user), inst, caps: [], sdk: 'test', ...hello };
    const reply = await raw.request('hello', greeting);
    return { raw, inst: greeting.inst, hello: reply['hello'] as Record<string, unknown> };
  }

  #own<Store extends { close(): Promise<void> }>(store: Store): Store {
    this.#opened.push(store);
    return store;
  }

  inst(): string {
    this.#insts += 1;
    return `instance-${String(this.#insts).padStart(10, '0')}`;
  }

  /** Publishes and resolves with the reply line. */
  async publish({ raw, inst }: GreetedClient, room: string, n: number, over: object = {}): Promise<Line> {
    return raw.request('pub', { room, cid: `${inst}.${n}`, data: n, ...over });
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.socket.terminate();
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await this.worker.stop();
    await Promise.all(this.#opened.map((store) => store.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Resolves when nothing is degraded: the stores were reached. */
async function wholeness(gateway: RunningGateway): Promise<void> {
  for (;;) {
    const response = await fetch(`${gateway.adminUrl}/readyz`);
    const { degraded } = (await response.json()) as { degraded: string[] };
    if (degraded.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A client after its hello. */
export interface GreetedClient {
  raw: RawClient;
  inst: string;
  hello: Record<string, unknown>;
}

/** Twins in memory, with what a test may break. */
export function twins(): BenchStores & {
  faults: MemoryKafka['faults'];
  cluster: MemoryKafka;
  memory: MemoryRedis;
} {
  const kafka = memoryKafka();
  const memory = memoryRedis();
  return {
    kafka: () => kafka.client(),
    redis: () => memory.open(),
    faults: kafka.faults,
    cluster: kafka,
    memory,
  };
}
