import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectKafka, type Kafka } from '@chatplatform/kafka';
import { gatewayConfig, names, workerConfig, type ChatPlatformSpec } from '@chatplatform/platform';
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
  type StoreProcess,
} from '@chatplatform/testkit';
import { AUTH } from '../load/token.ts';
import { startProgram } from './program.ts';
import type { RunningTarget, StartOptions, Target } from './target.ts';

/** Namespace of the rooms of a benchmark; its rate is out of the way, everything else as it comes. */
export const ROOM_PREFIX = 'bench';
/** Out of the way: a load generator is one address and a few users. */
const NO_LIMIT = 10_000;
const NO_ADDRESS_LIMIT = 100_000;
const ENTRY = 'tools/images/main.ts';
const HOST = '127.0.0.1';
const PLATFORM = { namespace: 'bench', name: 'bench' };

/** A ChatPlatform on real stores that live as long as the run; gateways and workers are started per measurement. */
export interface PlatformUnderTest extends Target {
  readonly kafka: Kafka;
  readonly names: ReturnType<typeof names>;
  readonly partitions: number;
  /** The stores, for a peer that uses the same while the platform does nothing. */
  readonly stores: { readonly kafka: KafkaStore; readonly redis: RedisStore };
  /** Starts a worker alone. */
  startWorker(): Promise<StoreProcess>;
  /** As `start`, without a worker; with the addresses of the admin ports. */
  startGateways(count: number): Promise<Gateways>;
  close(): Promise<void>;
}

/** Running gateways. */
export interface Gateways {
  readonly ports: readonly number[];
  readonly adminPorts: readonly number[];
  readonly programs: readonly StoreProcess[];
}

/** Starts the stores and makes the topics. */
export async function chatPlatform(place: { key: string; folder: string }): Promise<PlatformUnderTest> {
  const [kafkaStore, redisStore] = await Promise.all([startKafka(), startRedis()]);
  const keyFile = join(place.folder, 'key');
  await writeFile(keyFile, place.key);
  const spec = devSpec({ ...PLATFORM, auth: AUTH });
  const kafka = connectKafka(
    { bootstrapServers: kafkaStore.bootstrapServers, clientId: 'bench' },
    { logger: silentLogger, clock: systemClock, random: systemRandom },
  );
  await makeTopics(kafka.admin(), spec, PLATFORM);
  return new Platform({ spec, kafka, kafkaStore, redisStore, keyFile, ...place });
}

interface Parts {
  readonly spec: ChatPlatformSpec;
  readonly kafka: Kafka;
  readonly kafkaStore: KafkaStore;
  readonly redisStore: RedisStore;
  readonly keyFile: string;
  readonly key: string;
  readonly folder: string;
}

class Platform implements PlatformUnderTest {
  readonly name = 'ChatPlatform';
  readonly version = 'this commit';
  readonly dialect = 'cp1';
  readonly names = names(PLATFORM.namespace, PLATFORM.name);
  readonly #parts: Parts;
  #number = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get kafka(): Kafka {
    return this.#parts.kafka;
  }

  get partitions(): number {
    return this.#parts.spec.kafka.messages.partitions;
  }

  get stores(): PlatformUnderTest['stores'] {
    return { kafka: this.#parts.kafkaStore, redis: this.#parts.redisStore };
  }

  async start({ edges = 1 }: StartOptions = {}): Promise<RunningTarget> {
    const [gateways, worker] = await Promise.all([this.startGateways(edges), this.startWorker()]);
    const { kafkaStore, redisStore, key } = this.#parts;
    return {
      ports: gateways.ports,
      pids: {
        edge: gateways.programs.map((program) => program.pid),
        worker: [worker.pid],
        redis: [redisStore.pid],
        kafka: [kafkaStore.pid],
      },
      key,
      // The load is gone by then; a gateway with nobody on it has nothing to drain.
      stop: async () => {
        await Promise.all([...gateways.programs, worker].map((program) => program.stop()));
      },
    };
  }

  async startGateways(count: number): Promise<Gateways> {
    const ports = await freePorts(2 * count, HOST);
    const adminPorts = ports.slice(count);
    const programs = await Promise.all(
      adminPorts.map((admin, index) => this.#startGateway(ports[index] as number, admin)),
    );
    return { ports: ports.slice(0, count), adminPorts, programs };
  }

  async startWorker(): Promise<StoreProcess> {
    const config = {
      ...workerConfig(this.#parts.spec, this.#around()),
      rooms: rooms(),
      admin: { host: HOST, port: 0 },
      services: ['chat'],
    };
    return this.#program('worker', config, '"msg":"assigned"');
  }

  async close(): Promise<void> {
    const { kafka, kafkaStore, redisStore } = this.#parts;
    await kafka.close();
    await Promise.all([kafkaStore.stop(), redisStore.stop()]);
  }

  #startGateway(port: number, adminPort: number): Promise<StoreProcess> {
    const limits = {
      requestsPerSecondPerConnection: NO_LIMIT,
      requestBurstPerConnection: NO_LIMIT,
      publishesPerSecondPerUser: NO_LIMIT,
      publishBurstPerUser: NO_LIMIT,
      connectionsPerSecondPerIP: NO_ADDRESS_LIMIT,
    };
    const config = {
      ...gatewayConfig(this.#parts.spec, this.#around()),
      rooms: rooms(),
      listen: { host: HOST, port },
      admin: { host: HOST, port: adminPort },
      drain: { startDelaySeconds: 0, timeoutSeconds: 60 },
      live: { limits, rebalance: { mode: 'Off' } },
    };
    return this.#program('gateway', config, '"msg":"listening"');
  }

  async #program(role: string, config: object, readyText: string): Promise<StoreProcess> {
    const { folder } = this.#parts;
    this.#number += 1;
    const name = `${role}-${this.#number}`;
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(config));
    return startProgram({ name, entry: ENTRY, args: [role, '--config', file], folder, readyText });
  }

  #around(): Parameters<typeof gatewayConfig>[1] {
    const { kafkaStore, redisStore, keyFile, folder } = this.#parts;
    return {
      platform: PLATFORM,
      kafka: { bootstrapServers: kafkaStore.bootstrapServers },
      redis: { endpoints: redisStore.endpoints, cluster: false },
      paths: {
        authKey: keyFile,
        resumeKey: keyFile,
        signingKeys: keyFile,
        webhookSecrets: folder,
        rules: folder,
      },
    };
  }
}

function rooms(): { prefix: string; publishPerSecond: number }[] {
  return [{ prefix: ROOM_PREFIX, publishPerSecond: NO_LIMIT }];
}
