import { connectKafka } from '@chatplatform/kafka';
import { openRedis } from '@chatplatform/redis';
import { seededRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { startKafka, startRedis } from '@chatplatform/testkit';
import { Bench, type GreetedClient } from './testing/bench.ts';
import type { RawMessage } from './testing/raw-client.ts';

// The real uWebSockets.js, Kafka and Redis under whole gateways; only the worker is the tests' own.

let kafka: Awaited<ReturnType<typeof startKafka>>;
let redis: Awaited<ReturnType<typeof startRedis>>;
let bench: Bench;

beforeAll(async () => {
  [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
}, 60_000);

afterAll(() => Promise.all([kafka?.stop(), redis?.stop()]));

beforeEach(async () => {
  await redis.flushAll();
  const deps = { logger: silentLogger };
  bench = await Bench.open({
    kafka: () => connectKafka({ bootstrapServers: kafka.bootstrapServers, clientId: 'bench' }, deps),
    redis: () => openRedis({ config: { url: redis.url, cluster: false }, prefix: 'test.bench:', deps }),
  });
}, 30_000);

afterEach(() => bench.close(), 30_000);

interface Watched {
  client: GreetedClient;
  /** Messages of the join's reply. */
  first: RawMessage[];
  head: string;
}

async function watch(client: GreetedClient, room: string): Promise<Watched> {
  const { join } = (await client.raw.request('join', { room, limit: 3 })) as {
    join: { msgs: RawMessage[]; head: string };
  };
  return { client, first: join.msgs, head: join.head };
}

/** Everything the connection saw in the room is one chain by `p` that begins where it joined. */
function expectUnbroken({ client, first, head }: Watched, room: string, last: string): void {
  const seen = [...first, ...client.raw.messages(room)];
  const start = first.length > 0 ? first[0]?.p : head;
  expect(seen.map((m) => m.p)).toEqual([start, ...seen.map((m) => m.id)].slice(0, seen.length));
  expect(seen.at(-1)?.id ?? head).toBe(last);
}

test('joins in the middle of traffic on two gateways, with lines lost on the way, miss and double nothing', async () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  process.stdout.write(`seed ${seed}\n`);
  bench.worker.loses = () => random.next() < 0.03;
  const gateways = [await bench.gateway(), await bench.gateway()] as const;
  const rooms = ['team:1', 'team:2', 'team:3'].map((name) => ({ name, members: [] as Watched[] }));
  const publishing = rooms.map(async ({ name }, at) => {
    const sender = await bench.client(gateways[at % 2 === 0 ? 0 : 1], `sender${at}`);
    for (let n = 1; n <= 400; n += 1) await bench.publish(sender, name, n);
    return sender;
  });
  const joining = rooms.flatMap(({ name, members }, at) =>
    Array.from({ length: 8 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, 20 + 40 * (rooms.length * n + at)));
      const gateway = gateways[random.next() < 0.5 ? 0 : 1];
      members.push(await watch(await bench.client(gateway, `user${at}-${n}`), name));
    }),
  );
  await Promise.all(joining);
  const senders = await Promise.all(publishing);
  // A line lost at the very end would be found by the audit of heads, once a minute; one that arrives shows it at once.
  bench.worker.loses = () => false;
  for (const [at, sender] of senders.entries()) {
    const { name, members } = rooms.at(at) ?? { name: '', members: [] };
    const last = ((await bench.publish(sender, name, 401))['pub'] as { id: string }).id;
    expect(members).toHaveLength(8);
    for (const one of members) {
      await one.client.raw.when(() => (one.client.raw.messages(name).at(-1)?.id ?? one.head) >= last);
      expectUnbroken(one, name, last);
    }
  }
}, 60_000);

test('Redis is killed and comes back: publishes are acknowledged meanwhile, and everything arrives', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const one = await watch(await bench.client(gateway, 'bob'), 'r');
  await bench.publish(ann, 'r', 1);
  await one.client.raw.when(() => one.client.raw.messages('r').length === 1);
  await redis.kill9();
  const acks = [await bench.publish(ann, 'r', 2), await bench.publish(ann, 'r', 3)];
  expect(acks.every((ack) => ack['pub'] !== undefined)).toBe(true);
  await redis.restart();
  await one.client.raw.when(() => one.client.raw.messages('r').length >= 3, 30_000);
  expect(one.client.raw.messages('r').map((m) => m.d)).toEqual([1, 2, 3]);
}, 60_000);

test('Kafka is killed and comes back: nothing acknowledged is lost, refused ones go in order when resent', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const one = await watch(await bench.client(gateway, 'bob'), 'r');
  await bench.publish(ann, 'r', 1);
  await kafka.kill9();
  const begun = Date.now();
  const pending = new Set([2, 3, 4, 5]);
  let resend = false;
  const restarted = kafka.restart();
  while (pending.size > 0) {
    const over = resend ? { re: Date.now() - begun } : {};
    const replies = [...pending].map(async (n) => ({
      n,
      line: await reply(bench.publish(ann, 'r', n, over)),
    }));
    for (const { n, line } of await Promise.all(replies)) if (line?.['pub'] !== undefined) pending.delete(n);
    resend = true;
  }
  await restarted;
  await one.client.raw.when(() => one.client.raw.messages('r').length >= 5, 30_000);
  expect(one.client.raw.messages('r').map((m) => m.d)).toEqual([1, 2, 3, 4, 5]);
}, 90_000);

/** A publish that outlasts the client's patience is resent like a refused one. */
async function reply<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch(() => undefined);
}

test('a gateway is killed: its clients resume on another one with everything they missed', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(two, 'ann');
  const bob = await bench.client(one, 'bob');
  await watch(bob, 'r');
  await bench.publish(ann, 'r', 1);
  await bob.raw.when(() => bob.raw.messages('r').length === 1);
  const pos = bob.raw.messages('r')[0]?.id;
  await one.kill();
  await bob.raw.closed();
  await bench.publish(ann, 'r', 2);
  const { id } = (await bench.publish(ann, 'r', 3))['pub'] as { id: string };
  const back = await bench.client(two, 'bob', {
    inst: bob.inst,
    resume: bob.hello['resume'],
    rooms: { r: { pos } },
  });
  expect(back.hello).toMatchObject({ sid: bob.hello['sid'], resumed: true });
  const room = (back.hello['rooms'] as Record<string, { msgs: RawMessage[]; recovered: boolean }>)['r'];
  await back.raw.when(() => (back.raw.messages('r').at(-1)?.id ?? room?.msgs.at(-1)?.id) === id);
  expect(room?.recovered).toBe(true);
  expect([...(room?.msgs ?? []), ...back.raw.messages('r')].map((m) => m.d)).toEqual([2, 3]);
}, 30_000);
