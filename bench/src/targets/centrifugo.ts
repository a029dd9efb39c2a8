import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, type StoreProcess } from '@chatplatform/testkit';
import type { LogPlan } from '../load/log-publisher.ts';
import { AUTH } from '../load/token.ts';
import { ROOM_PREFIX, type PlatformUnderTest } from './chat-platform.ts';
import type { PeerFiles } from './peer-files.ts';
import type { PeerPlace } from './peers.ts';
import { startCommand } from './program.ts';
import type { RunningTarget, Target } from './target.ts';

const HOST = '127.0.0.1';
const ROOM_HEADER = 'centrifugo-channels';
const TOPIC = 'bench.centrifugo';
/** As ChatPlatform keeps by default, so that history costs both the same. */
const HISTORY = { history_size: 1000, history_ttl: '24h' };

/** Centrifugo, one node, memory engine, published to by clients. */
export function centrifugoPeer(place: PeerPlace, files: PeerFiles): Target {
  return {
    name: 'Centrifugo',
    version: files.version,
    dialect: 'centrifugo',
    start: async () => running(place, await nodes(1, { ...place, ...files, settings: {} })),
  };
}

/** Centrifugo with the Redis engine, fed by its Kafka consumer; on the same Kafka and Redis as ChatPlatform. */
export function durableCentrifugoPeer(
  place: PeerPlace,
  files: PeerFiles,
  platform: PlatformUnderTest,
): Target {
  const { kafka, redis } = platform.stores;
  const log: LogPlan = {
    bootstrapServers: kafka.bootstrapServers,
    topic: TOPIC,
    partitions: platform.partitions,
    roomHeader: ROOM_HEADER,
  };
  const settings = {
    engine: redisEngine(redis.endpoints),
    consumers: [kafkaConsumer(kafka.bootstrapServers)],
  };
  return {
    name: 'Centrifugo, Kafka and Redis',
    version: files.version,
    dialect: 'centrifugo',
    start: async ({ edges = 1 } = {}) => {
      await platform.kafka
        .admin()
        .ensureTopics([{ name: TOPIC, partitions: platform.partitions, replicationFactor: 1 }]);
      const started = running(place, await nodes(edges, { ...place, ...files, settings }));
      return { ...started, pids: { ...started.pids, redis: [redis.pid], kafka: [kafka.pid] }, log };
    },
  };
}

interface Node {
  readonly port: number;
  readonly program: StoreProcess;
}

async function nodes(
  count: number,
  { key, folder, path, settings }: PeerPlace & PeerFiles & { settings: object },
): Promise<Node[]> {
  const ports = await freePorts(count, HOST);
  return Promise.all(
    ports.map(async (port) => {
      const file = join(folder, `centrifugo-${port}.json`);
      await writeFile(file, JSON.stringify({ ...common(port, key), ...settings }));
      const program = await startCommand({
        name: `centrifugo-${port}`,
        command: join(path, 'centrifugo'),
        args: ['--config', file],
        folder,
        readyText: 'serving websocket',
      });
      return { port, program };
    }),
  );
}

function running({ key }: PeerPlace, started: readonly Node[]): RunningTarget {
  return {
    ports: started.map(({ port }) => port),
    pids: { edge: started.map(({ program }) => program.pid) },
    key,
    stop: async () => void (await Promise.all(started.map(({ program }) => program.stop()))),
  };
}

function common(port: number, key: string): object {
  const { issuer, audience } = AUTH;
  return {
    http_server: { address: HOST, port },
    usage_stats: { disabled: true },
    client: { token: { hmac_secret_key: key, issuer, audience } },
    channel: {
      namespaces: [
        {
          name: ROOM_PREFIX,
          ...HISTORY,
          force_recovery: true,
          allow_subscribe_for_client: true,
          allow_publish_for_client: true,
        },
      ],
    },
  };
}

function redisEngine(endpoints: readonly string[]): object {
  return {
    type: 'redis',
    redis: { address: endpoints.map((endpoint) => `redis://${endpoint}`), prefix: TOPIC },
  };
}

function kafkaConsumer(brokers: readonly string[]): object {
  return {
    enabled: true,
    name: 'bench',
    type: 'kafka',
    kafka: {
      brokers,
      topics: [TOPIC],
      consumer_group: TOPIC,
      publication_data_mode: { enabled: true, channels_header: ROOM_HEADER },
    },
  };
}
