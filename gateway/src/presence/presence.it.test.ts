import { connectKafka } from '@chatplatform/kafka';
import { names } from '@chatplatform/platform';
import { decodeEvent, type PlatformEvent } from '@chatplatform/protocol';
import { openRedis } from '@chatplatform/redis';
import { silentLogger } from '@chatplatform/telemetry';
import { startKafka, startRedis } from '@chatplatform/testkit';
import { Bench, type GreetedClient } from '../testing/bench.ts';
import type { RunningGateway } from '../running-gateway.ts';

// Whole gateways on a real Kafka and a real Redis: what they tell each other about people.

const EVENTS = names('test', 'bench').topics.events;
const PATIENCE_MS = 60_000;

let kafka: Awaited<ReturnType<typeof startKafka>>;
let redis: Awaited<ReturnType<typeof startRedis>>;
let bench: Bench;
let gateways: [RunningGateway, RunningGateway];

const deps = { logger: silentLogger };
const openKafka = () => connectKafka({ bootstrapServers: kafka.bootstrapServers, clientId: 'bench' }, deps);

beforeAll(async () => {
  [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const client = openKafka();
  await client.admin().ensureTopics([{ name: EVENTS, partitions: 2, replicationFactor: 1 }]);
  await client.close();
}, PATIENCE_MS);

afterAll(() => Promise.all([kafka?.stop(), redis?.stop()]));

beforeEach(async () => {
  await redis.flushAll();
  bench = await Bench.open({
    kafka: openKafka,
    redis: () => openRedis({ config: { url: redis.url, cluster: false }, prefix: 'test.bench:', deps }),
  });
  gateways = [await bench.gateway(), await bench.gateway()];
}, PATIENCE_MS);

afterEach(() => bench.close(), PATIENCE_MS);

async function publish(client: GreetedClient, room: string, n: number): Promise<string> {
  return ((await bench.publish(client, room, n))['pub'] as { id: string }).id;
}

test(
  'a read is known to the members of both gateways and to other services',
  async () => {
    const ann = await bench.client(gateways[0], 'ann', { rooms: { r: {} } });
    const bob = await bench.client(gateways[1], 'bob', { rooms: { r: {} } });
    const id = await publish(ann, 'r', 1);
    const reader = openKafka();
    const seen: PlatformEvent[] = [];
    const told = new Promise<void>((resolve) => {
      void reader.consumer().run({
        topics: [EVENTS],
        groupId: 'readers',
        eachBatch: (batch) => {
          for (const { value } of batch.records) {
            const event = decodeEvent(String(value));
            if (event?.type === 'message.read') seen.push(event);
          }
          if (seen.length > 0) resolve();
          return Promise.resolve({ commit: (batch.records.at(-1)?.offset ?? 0) + 1 });
        },
      });
    });
    expect((await bob.raw.request('read', { r: { r: id } }))['read']).toEqual({});
    await ann.raw.until((line) => JSON.stringify(line['rc'] ?? '').includes(`"read":{"bob":"${id}"}`));
    await told;
    await reader.close();
    expect(seen).toEqual([{ type: 'message.read', room: 'r', user: 'bob', id, at: expect.any(Number) }]);
  },
  PATIENCE_MS,
);

test(
  'of many connections of one user at once exactly as many as allowed are let in, over both gateways',
  async () => {
    const codes = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const raw = await bench.dial(gateways[n % 2] as RunningGateway);
        raw.raw(JSON.stringify({ i: 1, hello: { token: await bench.token('eve'), inst: bench.inst() } }));
        await raw.when(() => raw.closeCode !== undefined || raw.lines.some((line) => line.i === 1));
        return raw.closeCode;
      }),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(5);
    expect(codes.filter((code) => code === 3504)).toHaveLength(7);
  },
  PATIENCE_MS,
);

test(
  'who leaves while Redis is away is gone when it is back',
  async () => {
    const ann = await bench.client(gateways[0], 'ann', { rooms: { r: {} } });
    const bob = await bench.client(gateways[1], 'bob', { rooms: { r: {} } });
    expect((await ann.raw.request('who', { room: 'r' }))['who']).toMatchObject({ occ: 2 });
    await redis.kill9();
    await ann.raw.until((line) => JSON.stringify(line['degraded'] ?? '').includes('presence'));
    await bob.raw.close(1000);
    await redis.restart();
    await ann.raw.until((line) => JSON.stringify(line['pr'] ?? '').includes('"leave":["bob"]'), PATIENCE_MS);
    const { who } = await ann.raw.request('who', { room: 'r' });
    expect(who).toMatchObject({ occ: 1, users: [{ u: 'ann', dev: 1 }] });
  },
  PATIENCE_MS,
);

test(
  'clients of a drained gateway are told once and move once, and nobody sees a leave',
  async () => {
    const [one, two] = gateways;
    const watcher = await bench.client(two, 'watcher', { rooms: { r: {} } });
    const clients: GreetedClient[] = [];
    for (let n = 0; n < 30; n += 1)
      clients.push(await bench.client(one, `user${n}`, { caps: ['mbb'], rooms: { r: {} } }));
    const moves = clients.map(async (client, n) => {
      const line = await client.raw.until((push) => push['drain'] !== undefined);
      const { resume } = line['drain'] as { resume: string };
      const moved = await bench.client(two, `user${n}`, {
        caps: ['mbb'],
        inst: client.inst,
        resume,
        rooms: { r: {} },
      });
      expect(moved.hello).toMatchObject({ sid: client.hello['sid'], resumed: true });
      expect(await client.raw.closed()).toBe(3514);
      return client.raw.pushes.filter((push) => push['drain'] !== undefined).length;
    });
    const drained = one.drain('SIGTERM');
    expect(await Promise.all(moves)).toEqual(clients.map(() => 1));
    await drained;
    expect((await watcher.raw.request('who', { room: 'r' }))['who']).toMatchObject({ occ: 31 });
    expect(watcher.raw.pushes.filter((push) => JSON.stringify(push['pr'] ?? '').includes('leave'))).toEqual(
      [],
    );
  },
  PATIENCE_MS,
);
