import { connectKafka } from '@chatplatform/kafka';
import { openRedis } from '@chatplatform/redis';
import { seededRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { startKafka, startRedis } from '@chatplatform/testkit';
import { Bench, type GreetedClient } from '../testing/bench.ts';
import type { RunningGateway } from '../running-gateway.ts';
import type { Line } from '../testing/raw-client.ts';

// A latest-value room on two gateways, a real Kafka and a real Redis; a part of all pushes is lost on the way.

const PATIENCE_MS = 90_000;
const ROOM = 'board:1';
const SETS = 150;
const KEYS = 12;

interface Value {
  k: string;
  id: string;
  d: unknown;
}

let kafka: Awaited<ReturnType<typeof startKafka>>;
let redis: Awaited<ReturnType<typeof startRedis>>;
let bench: Bench;
let gateways: [RunningGateway, RunningGateway];

beforeAll(async () => {
  [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
  const deps = { logger: silentLogger };
  bench = await Bench.open({
    kafka: () => connectKafka({ bootstrapServers: kafka.bootstrapServers, clientId: 'bench' }, deps),
    redis: () => openRedis({ config: { url: redis.url, cluster: false }, prefix: 'test.bench:', deps }),
  });
  const rooms = { rooms: [{ prefix: 'board', kind: 'latest' as const }] };
  gateways = [await bench.gateway(rooms), await bench.gateway(rooms)];
}, PATIENCE_MS);

afterAll(async () => {
  await bench?.close();
  await Promise.all([kafka?.stop(), redis?.stop()]);
}, PATIENCE_MS);

/** What a client knows that applies its reply and every push: newer ids only, `null` deletes. */
function board(first: readonly Value[], { raw }: GreetedClient): Record<string, unknown> {
  const pushed = raw.lines.flatMap((line: Line) => ('v' in line ? [line['v'] as Value] : []));
  const known = new Map<string, Value>();
  for (const value of [...first, ...pushed]) {
    if (value.id > (known.get(value.k)?.id ?? '')) known.set(value.k, value);
  }
  const live = [...known.values()].filter(({ d }) => d !== null);
  return Object.fromEntries(live.map(({ k, d }) => [k, d]));
}

async function join(client: GreetedClient): Promise<Value[]> {
  return ((await client.raw.request('join', { room: ROOM }))['join'] as { msgs: Value[] }).msgs;
}

test(
  'members of both gateways, early and late ones, end with the newest value of every key and no deleted one',
  async () => {
    const seed = Date.now() % 1_000_000;
    process.stdout.write(`seed ${seed}\n`);
    const random = seededRandom(seed);
    const early = await Promise.all(gateways.map((gateway, n) => bench.client(gateway, `early-${n}`)));
    const boards = await Promise.all(early.map(async (client) => ({ client, first: await join(client) })));
    const setter = await bench.client(gateways[0], 'setter');
    const truth = new Map<string, number>();
    bench.worker.loses = () => random.next() < 0.2;
    for (let n = 1; n <= SETS; n += 1) {
      const k = `host ${Math.floor(random.next() * KEYS)}`;
      const data = random.next() < 0.2 ? null : n;
      await bench.publish(setter, ROOM, n, { k, data });
      if (data === null) truth.delete(k);
      else truth.set(k, data);
    }
    // A push lost at the very end would be found by the audit of heads, once a minute; one that arrives shows it at once.
    bench.worker.loses = () => false;
    await bench.publish(setter, ROOM, SETS + 1, { k: 'last', data: true });
    const expected = { ...Object.fromEntries(truth), last: true };
    for (const { client, first } of boards) {
      await client.raw.when(() => 'last' in board(first, client), 30_000);
      expect(board(first, client)).toEqual(expected);
    }
    for (const gateway of gateways) {
      const late = await bench.client(gateway, 'late');
      expect(board(await join(late), late)).toEqual(expected);
    }
  },
  PATIENCE_MS,
);
