import { jest } from '@jest/globals';
import { formatVerdict, runTraffic, type Disturbance, type TrafficResult } from '@chatplatform/testkit';
import { until } from '@chatplatform/runtime';
import { startInProcess, type InProcessPlatform } from '../proof/in-process.ts';
import { watchedClient } from './watched-client.ts';

/** Three outages of Redis under traffic, one of them of 30 s, on a machine that may be busy. */
jest.setTimeout(300_000);

// Redis is a cache: whatever happens to it, nobody misses an acknowledged message. Whole gateways and workers, real
// Kafka, a real Redis Cluster of three primaries with a replica each.

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const STOPPED_MS = 30_000;

let platform: InProcessPlatform;
beforeAll(async () => {
  platform = await startInProcess('redis-loss', { cluster: true, replicas: 1 });
  await Promise.all([platform.startGateway(), platform.startGateway()]);
  await Promise.all([platform.startWorker(), platform.startWorker()]);
});
afterAll(() => platform?.close());

async function judge(disturbances: readonly Disturbance[], messages: number): Promise<TrafficResult> {
  const { url, token } = platform;
  const result = await runTraffic({
    ...{ url, token, seed, messages, disturbances },
    clients: 8,
    rooms: 4,
    settleMs: 30_000,
  });
  const { ack, delivery, seconds } = result;
  process.stderr.write(
    `${formatVerdict(result.verdict, seed)}\n  SEED=${seed} repeats the traffic; ${seconds.toFixed(0)} s,` +
      ` ack p99 ${ack.p99.toFixed(0)} ms, delivery p99 ${delivery.p99.toFixed(0)} max ${delivery.max.toFixed(0)} ms\n`,
  );
  expect(result.verdict.violations).toEqual([]);
  expect(result.unsettled).toBe(0);
  expect(result.verdict.counts).toMatchObject({ sent: messages, acked: messages, failed: 0 });
  return result;
}

test('a primary is killed, and its replica takes over without the last writes', async () => {
  const { redis } = platform.stores;
  const kill = async (): Promise<void> => {
    const [victim] = await redis.primaries();
    await victim?.process.kill9();
  };
  const { verdict } = await judge([{ name: 'primary killed', at: 0.3, run: kill }], 800);
  expect(verdict.counts.continuityLost).toBe(0);
  expect((await redis.primaries()).length).toBe(3);
  await redis.revive();
});

test('every key is deleted', async () => {
  const flush = (): Promise<void> => platform.stores.redis.flushAll();
  const { verdict } = await judge([{ name: 'FLUSHALL', at: 0.4, run: flush }], 600);
  expect(verdict.counts.continuityLost).toBe(0);
});

test('who joins a latest-value room after every key was deleted gets all of its values, however long that takes', async () => {
  const [ann, bob] = ['ann', 'bob'].map((user) => watchedClient(platform.url, () => platform.token(user)));
  if (ann === undefined || bob === undefined) throw new Error('nobody is there');
  const { room } = await ann.join('board:1');
  for (const [key, value] of [
    ['gone', 1],
    ['one', 1],
    ['two', 2],
  ] as const)
    await room.set(key, value);
  await room.delete('gone');
  await until(() => room.values.size === 2);
  await platform.stores.redis.flushAll();
  const { room: late } = await bob.join('board:1');
  expect([...late.values].map(([key, { data }]) => [key, data]).sort()).toEqual([
    ['one', 1],
    ['two', 2],
  ]);
  await room.set('two', 3);
  await until(() => late.get('two')?.data === 3, 60_000);
  expect([...ann.losses, ...bob.losses]).toEqual([]);
  ann.close();
  bob.close();
});

test('Redis is away for 30 s: publishes are acknowledged all the while, and everything arrives', async () => {
  const { redis } = platform.stores;
  const away = async (): Promise<void> => {
    await redis.halt();
    await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
    await redis.revive();
  };
  const { verdict, ack } = await judge([{ name: 'stopped for 30 s', at: 0.2, run: away }], 2000);
  expect(verdict.counts.continuityLost).toBe(0);
  // A sender does not wait for it: its ack is Kafka's. (Milliseconds on a free machine.)
  expect(ack.p99).toBeLessThan(STOPPED_MS / 3);
});
