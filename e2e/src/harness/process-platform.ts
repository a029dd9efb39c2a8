import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintToken, readKey } from '@chatplatform/cli';
import { connectKafka } from '@chatplatform/kafka';
import {
  gatewayConfig,
  workerConfig,
  type ChatPlatformSpec,
  type Surroundings,
} from '@chatplatform/platform';
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
import { ProgramProcess, type ProgramOptions } from './program-process.ts';

/** What the platform is made of. */
export interface ProcessPlatformOptions {
  readonly brokers?: 1 | 3;
  readonly redis?: RedisStoreOptions;
  readonly gateways?: number;
  readonly workers?: number;
  /** Longest drain of a gateway. */
  readonly drainSeconds?: number;
  /** Further options of Node for a program, by its name (`gateway-1`). */
  readonly nodeArgs?: (name: string) => readonly string[];
}

/** Where clients dial and what their tokens are signed with. */
export interface ClientAccess {
  readonly url: string;
  readonly keyFile: string;
  readonly issuer: string;
  readonly audience: string;
}

const PLATFORM = { namespace: 'chat', name: 'chaos' };
const AUTH = { issuer: 'chaos', audience: 'chat' };
const HOST = '127.0.0.1';
const TOKEN_SECONDS = 3600;
/** All clients of a run come from one address, and thousands of them at a time. */
const LIMITS = { connectionsPerSecondPerIP: 100_000 };

/** Real Kafka and Redis, and gateways and workers as processes of their own, all on this machine. */
export class ProcessPlatform {
  readonly kafka: KafkaStore;
  readonly redis: RedisStore;
  readonly access: ClientAccess;
  /** Configuration and logs of the programs. */
  readonly folder: string;
  readonly gateways: ProgramProcess[] = [];
  readonly workers: ProgramProcess[] = [];
  readonly #options: ProcessPlatformOptions;
  readonly #around: Surroundings;
  /** Programs made so far: they are numbered. */
  readonly #made = { gateway: 0, worker: 0 };

  private constructor(
    folder: string,
    stores: { kafka: KafkaStore; redis: RedisStore; port: number },
    options: ProcessPlatformOptions,
  ) {
    this.kafka = stores.kafka;
    this.redis = stores.redis;
    this.folder = folder;
    this.#options = options;
    const keyFile = join(folder, 'key');
    this.access = { url: `ws://${HOST}:${stores.port}/ws`, keyFile, ...AUTH };
    this.#around = {
      platform: PLATFORM,
      kafka: { bootstrapServers: this.kafka.bootstrapServers },
      redis: { endpoints: this.redis.endpoints, cluster: options.redis?.cluster === true },
      paths: {
        authKey: keyFile,
        resumeKey: keyFile,
        signingKeys: keyFile,
        webhookSecrets: folder,
        rules: folder,
      },
    };
  }

  /** Starts everything and waits until it serves; about ten seconds. */
  static async start(options: ProcessPlatformOptions = {}): Promise<ProcessPlatform> {
    const folder = await mkdtemp(join(tmpdir(), 'chatplatform-chaos-'));
    const [kafka, redis, [port = 0]] = await Promise.all([
      startKafka({ brokers: options.brokers ?? 1 }),
      startRedis(options.redis ?? {}),
      freePorts(1, HOST),
    ]);
    const platform = new ProcessPlatform(folder, { kafka, redis, port }, options);
    try {
      await platform.#prepare();
      return platform;
    } catch (error) {
      await platform.close();
      throw error;
    }
  }

  /** A token with which `user` may do what a member may. */
  async token(user: string): Promise<string> {
    const key = await readKey(this.access.keyFile);
    return mintToken(key, { user, ...AUTH, ttlSeconds: TOKEN_SECONDS });
  }

  /** Another gateway on the shared port. */
  async startGateway(): Promise<ProgramProcess> {
    const port = Number(new URL(this.access.url).port);
    const gateway = await this.#program('gateway', (admin) => ({
      ...gatewayConfig(this.#spec(), this.#around),
      listen: { host: HOST, port, reusePort: true },
      admin: { host: HOST, port: admin },
      drain: { startDelaySeconds: 0, timeoutSeconds: this.#options.drainSeconds ?? 30 },
      live: { limits: LIMITS },
    }));
    this.gateways.push(gateway);
    await gateway.start();
    return gateway;
  }

  /** Another worker. */
  async startWorker(): Promise<ProgramProcess> {
    const worker = await this.#program('worker', (admin, instance) => ({
      ...workerConfig(this.#spec(), this.#around),
      instance,
      admin: { host: HOST, port: admin },
    }));
    this.workers.push(worker);
    await worker.start();
    return worker;
  }

  /** Ends everything and leaves nothing behind, unless its folder with configuration and logs is to be kept. */
  async close(keepFolder = false): Promise<void> {
    const programs = [...this.gateways, ...this.workers].filter(({ running }) => running);
    await Promise.all(programs.map((program) => program.kill9()));
    await Promise.all([this.kafka.stop(), this.redis.stop()]);
    if (!keepFolder) await rm(this.folder, { recursive: true, force: true });
  }

  async #prepare(): Promise<void> {
    await writeFile(this.access.keyFile, randomBytes(32).toString('hex'));
    await this.#makeTopics();
    const { gateways = 2, workers = 2 } = this.#options;
    await Promise.all([
      ...Array.from({ length: workers }, () => this.startWorker()),
      ...Array.from({ length: gateways }, () => this.startGateway()),
    ]);
    // A seed chooses by place in the list.
    for (const all of [this.gateways, this.workers]) all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #makeTopics(): Promise<void> {
    const kafka = connectKafka(
      { bootstrapServers: this.kafka.bootstrapServers, clientId: 'chaos' },
      { logger: quiet },
    );
    try {
      await makeTopics(kafka.admin(), this.#spec(), PLATFORM);
    } finally {
      await kafka.close();
    }
  }

  #spec(): ChatPlatformSpec {
    return devSpec({ ...PLATFORM, auth: AUTH, brokers: this.kafka.bootstrapServers });
  }

  async #program(
    role: ProgramOptions['role'],
    config: (adminPort: number, name: string) => object,
  ): Promise<ProgramProcess> {
    this.#made[role] += 1;
    const name = `${role}-${this.#made[role]}`;
    const [admin = 0] = await freePorts(1, HOST);
    const configFile = join(this.folder, `${name}.json`);
    await writeFile(configFile, JSON.stringify(config(admin, name)));
    return new ProgramProcess({
      role,
      name,
      configFile,
      logFile: join(this.folder, `${name}.log`),
      admin: `http://${HOST}:${admin}`,
      nodeArgs: this.#options.nodeArgs?.(name) ?? [],
    });
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
