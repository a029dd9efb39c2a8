import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { signer, type Kafka } from '@chatplatform/kafka';
import { names, WorkerConfig } from '@chatplatform/platform';
import type { Redis } from '@chatplatform/redis';
import { decodeEvent, encodeRecord, partitionOf, type PlatformEvent } from '@chatplatform/protocol';
import { until } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { startStores, type RealStores } from './integration/stores.ts';
import { startWorker, type RunningWorker } from './worker.ts';

jest.setTimeout(180_000);

const PLATFORM = { namespace: 'it', name: 'services' };
const { topics, groups } = names(PLATFORM.namespace, PLATFORM.name);
const PARTITIONS = 2;
const keys = { active: 'k1', keys: { k1: randomBytes(32).toString('base64') } };

let stores: RealStores;
let kafka: Kafka;
let redis: Redis;
let folder: string;
let config: WorkerConfig;
let receiver: Server;
const workers: RunningWorker[] = [];
const bodies: { id: string; users: string[]; data: unknown }[] = [];
/** Statuses of the next calls; 204 when it is empty. */
const answers: number[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(JSON.parse(body) as (typeof bodies)[number]);
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  [stores, folder] = await Promise.all([
    startStores({ ...PLATFORM, partitions: PARTITIONS, eventPartitions: 1 }),
    mkdtemp(join(tmpdir(), 'services-it-')),
  ]);
  ({ kafka, redis } = stores);
  await Promise.all([
    writeFile(join(folder, 'keys.json'), JSON.stringify(keys)),
    writeFile(join(folder, 'secret'), 'secret'),
  ]);
  config = WorkerConfig.parse({
    ...stores.config,
    signing: { keysFile: join(folder, 'keys.json') },
    notifications: {
      webhooks: [
        {
          name: 'push',
          url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
          secretFile: join(folder, 'secret'),
        },
      ],
    },
  });
  for (let count = 0; count < 2; count += 1)
    workers.push(await startWorker(config, { logger: silentLogger, processMetrics: false }));
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  receiver.closeAllConnections();
  receiver.close();
  await Promise.all([stores.stop(), rm(folder, { recursive: true })]);
});

async function publish(
  n: number,
  data: unknown,
  o: { notify?: string[]; signed?: boolean } = {},
): Promise<void> {
  const room = 'team:1';
  const plain = encodeRecord({ room, cid: `abcdefghijklmnop.${n}`, user: 'ann', data, notify: o.notify });
  const record = o.signed === false ? plain : signer(() => keys)(plain);
  const producer = kafka.producer();
  await producer.append({ topic: topics.messages, partition: partitionOf(room, PARTITIONS), ...record });
  await producer.close();
}

async function events(): Promise<PlatformEvent[]> {
  const reader = kafka.logReader();
  const { begin: from, end: to } = await reader.bounds(topics.events, 0);
  if (from === to) return [];
  const records = await reader.read({ topic: topics.events, partition: 0, from, to, maxRecords: 10_000 });
  return records.flatMap(({ value }) => decodeEvent(String(value)) ?? []);
}

async function told(type: PlatformEvent['type'], user: string): Promise<number> {
  return (await events()).filter((event) => event.type === type && event.user === user).length;
}

const INFO = { state: 'serving', address: 'a', connections: 1 } as const;

test('the missed are told once, also by an endpoint that fails at first; the connected and forged are not', async () => {
  await redis.gateways.lease('gw-1', INFO);
  await redis.sessions.create('s1', { user: 'cid', incarnation: 'gw-1' });
  answers.push(503);
  await publish(1, 'for bob', { notify: ['bob', 'cid'] });
  await publish(2, 'for cid', { notify: ['cid'] });
  await publish(3, 'forged', { notify: ['bob'], signed: false });
  await publish(4, 'for bob too', { notify: ['bob'] });
  await until(() => bodies.length >= 3);
  await until(async () => {
    const lag = await kafka.admin().groupLag(`${groups.notifications}.push`, topics.events);
    return lag.every((partition) => partition.lag === 0);
  });
  // Two messages, and one of them once more because of the failure.
  expect(bodies).toHaveLength(3);
  expect(new Set(bodies.map(({ data }) => data))).toEqual(new Set(['for bob', 'for bob too']));
  for (const { users } of bodies) expect(users).toEqual(['bob']);
  expect(await told('message.rejected', 'ann')).toBe(1);
});

test('users are told of as online and offline once, also when the worker that tells dies', async () => {
  const lease = setInterval(() => void redis.gateways.lease('gw-1', INFO).catch(() => undefined), 3_000);
  try {
    await until(async () => (await told('user.online', 'cid')) === 1);
    const [leader] = await Promise.all(
      workers.map(async (worker) => {
        const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
        return /presence_leader 1/.test(metrics) ? worker : undefined;
      }),
    ).then((found) => found.filter((worker) => worker !== undefined));
    if (leader === undefined) throw new Error('no worker leads');
    await leader.kill();
    workers.splice(workers.indexOf(leader), 1);
    await redis.sessions.create('s2', { user: 'dan', incarnation: 'gw-1' });
    await redis.sessions.suspend('s1', { incarnation: 'gw-1', generation: 1 }, 180_000);
    await until(async () => (await told('user.offline', 'cid')) === 1);
    expect(await told('user.online', 'dan')).toBe(1);
    expect(await told('user.online', 'cid')).toBe(1);
  } finally {
    clearInterval(lease);
  }
});
