import { connectKafka } from '@chatplatform/kafka';
import { openRedis } from '@chatplatform/redis';
import { silentLogger } from '@chatplatform/telemetry';
import { startKafka, startRedis } from '@chatplatform/testkit';
import { Bench } from '../testing/bench.ts';
import type { RawMessage } from '../testing/raw-client.ts';

// A real Kafka and a real Redis: what Redis has lost is read from the log.

let kafka: Awaited<ReturnType<typeof startKafka>>;
let redis: Awaited<ReturnType<typeof startRedis>>;
let bench: Bench;

beforeAll(async () => {
  [kafka, redis] = await Promise.all([startKafka(), startRedis()]);
}, 60_000);

afterAll(() => Promise.all([kafka?.stop(), redis?.stop()]));

beforeEach(async () => {
  const deps = { logger: silentLogger };
  bench = await Bench.open({
    kafka: () => connectKafka({ bootstrapServers: kafka.bootstrapServers, clientId: 'bench' }, deps),
    redis: () => openRedis({ config: { url: redis.url, cluster: false }, prefix: 'test.bench:', deps }),
  });
}, 30_000);

afterEach(() => bench.close(), 30_000);

interface JoinReply {
  msgs: RawMessage[];
  more: boolean;
  recovered: boolean;
}

test('a client that was away while Redis lost everything gets each message once, in order, and what follows', async () => {
  const one = await bench.gateway();
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const others = await Promise.all(['bob', 'cleo', 'dan'].map((user) => bench.client(one, user)));
  const first = (await bench.publish(ann, 'r', 1))['pub'] as { id: string };
  // Other rooms of the same partitions, so that there is something to leave out.
  for (let from = 2; from <= 300; from += 23) {
    await Promise.all(
      Array.from({ length: 23 }, (_, at) => from + at).flatMap((n) => [
        bench.publish(ann, 'r', n),
        ...others.map((other, at) => bench.publish(other, `other:${at}`, n - 1)),
      ]),
    );
  }
  // The bench's worker remembers nothing: what it appends after the loss would begin the room anew.
  await ann.raw.when(() => ann.raw.messages('r').length === 300);
  await redis.flushAll();
  const two = await bench.gateway();
  const eve = await bench.client(two, 'eve', { rooms: { r: { pos: first.id } } });
  const seen: unknown[] = [];
  let page = (eve.hello['rooms'] as Record<string, JoinReply>)['r'] as JoinReply;
  for (;;) {
    expect(page.recovered).toBe(true);
    seen.push(...page.msgs.map(({ d }) => d));
    if (!page.more) break;
    const from = page.msgs.at(-1)?.id;
    page = (await eve.raw.request('sync', { room: 'r', from, max: 120 }))['sync'] as JoinReply;
  }
  expect(seen).toEqual(Array.from({ length: 299 }, (_, n) => n + 2));
  await bench.publish(ann, 'r', 301);
  await eve.raw.when(() => eve.raw.messages('r').length === 1);
  expect(eve.raw.messages('r').map(({ d }) => d)).toEqual([301]);
}, 60_000);
