import { setTimeout as sleep } from 'node:timers/promises';
import { memoryKafka } from '@chatplatform/kafka';
import { openRedis } from '@chatplatform/redis';
import { silentLogger } from '@chatplatform/telemetry';
import { startRedis } from '@chatplatform/testkit';
import type { RunningGateway } from './running-gateway.ts';
import { callApi } from './testing/api-client.ts';
import { Bench } from './testing/bench.ts';

// What gateways tell each other through a real Redis: orders, revocations, answers to keys of idempotency.

/** The promise of the protocol page. */
const EVERYWHERE_MS = 2000;

let redis: Awaited<ReturnType<typeof startRedis>>;
let bench: Bench;
let here: RunningGateway;
let there: RunningGateway;
let admin: string;

beforeAll(async () => {
  redis = await startRedis();
  const kafka = memoryKafka();
  bench = await Bench.open({
    kafka: () => kafka.client(),
    redis: () =>
      openRedis({
        config: { url: redis.url, cluster: false },
        prefix: 'test.bench:',
        deps: { logger: silentLogger },
      }),
  });
  here = await bench.gateway();
  there = await bench.gateway();
  admin = await bench.token('root', { caps: { '@**': ['admin'] } });
}, 60_000);

afterAll(async () => {
  await bench?.close();
  await redis?.stop();
}, 30_000);

async function revoke(json: object): Promise<void> {
  const { status } = await callApi(here, 'revokeTokens', '/tokens/revoke', { token: admin, json });
  expect(status).toBe(204);
}

async function closeOf(token: string, gateway: RunningGateway): Promise<number> {
  const client = await bench.dial(gateway);
  await client.request('hello', { token, inst: bench.inst() });
  return client.closed();
}

test('disconnected and revoked users are put out of both gateways within two seconds', async () => {
  const token = await bench.token('ann', { jti: 'phone' });
  for (const [order, code] of [
    [() => callApi(here, 'disconnectUser', '/users/ann/disconnect', { token: admin }), 3011],
    [() => revoke({ jti: 'phone' }), 3507],
  ] as const) {
    const clients = [await bench.client(here, 'ann', { token }), await bench.client(there, 'ann', { token })];
    const begin = performance.now();
    await order();
    const codes = await Promise.all(clients.map(({ raw }) => raw.closed()));
    expect(codes).toEqual([code, code]);
    expect(performance.now() - begin).toBeLessThan(EVERYWHERE_MS);
  }
  expect(await closeOf(token, there)).toBe(3507);
});

test('a Redis that lost everything gets the revocations back, and gateways that start then know them', async () => {
  const token = await bench.token('bob', { jti: 'tablet' });
  await revoke({ jti: 'tablet' });
  await sleep(EVERYWHERE_MS);
  await redis.flushAll();
  expect(await closeOf(token, there)).toBe(3507);
  await sleep(EVERYWHERE_MS);
  const late = await bench.gateway();
  await sleep(EVERYWHERE_MS);
  expect(await closeOf(token, late)).toBe(3507);
}, 30_000);

test('a key of idempotency is known at every gateway', async () => {
  const token = await bench.token('cyd');
  const post = (gateway: RunningGateway) =>
    callApi(gateway, 'postMessage', '/rooms/team:it/messages', {
      token,
      json: { data: 'once' },
      headers: { 'idempotency-key': 'order-1' },
    });
  const first = await post(here);
  const again = await post(there);
  expect([first.status, again.status]).toEqual([201, 200]);
  expect(again.body).toEqual({ ...first.body, dup: true });
});
