import { jest } from '@jest/globals';
import { protocolError } from '@chatplatform/protocol';
import type { RunningGateway } from './running-gateway.ts';
import { callApi } from './testing/api-client.ts';
import { Bench, twins } from './testing/bench.ts';
import type { RawClient } from './testing/raw-client.ts';

/** The promise is 2 s, and revocation.it.test.ts holds the gateway to it; here the machine may be busy. */
const EVERYWHERE_MS = 6000;

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const stores = twins();
let bench: Bench;
let here: RunningGateway;
let there: RunningGateway;
let admin: string;

beforeAll(async () => {
  bench = await Bench.open(stores);
  here = await bench.gateway();
  there = await bench.gateway();
  admin = await bench.token('root', { caps: { '@**': ['admin'] } });
});
afterAll(() => bench.close());

const order = (path: string, json?: object) =>
  callApi(here, path.startsWith('/tokens') ? 'revokeTokens' : 'disconnectUser', path, {
    token: admin,
    ...(json && { json }),
  });

/** Milliseconds until the close. */
async function timeToClose(client: RawClient): Promise<number> {
  const begin = performance.now();
  await client.closed();
  return performance.now() - begin;
}

test('a disconnected user is put out of every gateway with 3011, nobody else, and may come back', async () => {
  const clients = [await bench.client(here, 'ann'), await bench.client(there, 'ann')];
  const bob = await bench.client(there, 'bob');
  expect((await order('/users/ann/disconnect')).status).toBe(204);
  const times = await Promise.all(clients.map(({ raw }) => timeToClose(raw)));
  expect(clients.map(({ raw }) => raw.closeCode)).toEqual([3011, 3011]);
  expect(Math.max(...times)).toBeLessThan(EVERYWHERE_MS);
  expect((await bench.client(there, 'ann')).hello['user']).toBe('ann');
  expect(bob.raw.closeCode).toBeUndefined();
});

test('also when the message between the gateways is lost', async () => {
  stores.memory.setHeard(there.incarnation, false);
  const ann = await bench.client(there, 'ann');
  await order('/users/ann/disconnect');
  const time = await timeToClose(ann.raw);
  stores.memory.setHeard(there.incarnation, true);
  expect(ann.raw.closeCode).toBe(3011);
  expect(time).toBeLessThan(EVERYWHERE_MS);
});

test('a revoked token is put out of every gateway with 3507 and refused everywhere', async () => {
  const token = await bench.token('cyd', { jti: 'lost-phone' });
  const other = await bench.client(there, 'cyd');
  const { raw } = await bench.client(there, 'cyd', { token });
  expect((await order('/tokens/revoke', { jti: 'lost-phone' })).status).toBe(204);
  expect(await timeToClose(raw)).toBeLessThan(EVERYWHERE_MS);
  expect(raw.closeCode).toBe(3507);

  const again = await bench.dial(there);
  const { err } = await again.request('hello', { token, inst: bench.inst() });
  expect(err?.code).toBe(101);
  expect(await again.closed()).toBe(3507);

  const asked = await callApi(there, 'getPresence', '/rooms/a/presence', { token });
  expect(asked).toMatchObject({
    status: 401,
    body: { code: 101, detail: expect.stringContaining('revoked') },
  });

  expect(other.raw.closeCode).toBeUndefined();
  other.raw.raw(JSON.stringify({ i: 9, refresh: { token } }));
  expect(await other.raw.closed()).toBe(3507);
});

test('the tokens of a subject issued before a moment; newer ones live', async () => {
  const now = Math.floor(Date.now() / 1000);
  const old = await bench.token('dan@example.com', { issuedAt: now - 100 });
  const young = await bench.token('dan@example.com', { issuedAt: now });
  const [older, newer] = [
    await bench.client(there, 'dan', { token: old }),
    await bench.client(there, 'dan', { token: young }),
  ];
  await order('/tokens/revoke', { sub: 'dan@example.com', before: (now - 50) * 1000 });
  expect(await timeToClose(older.raw)).toBeLessThan(EVERYWHERE_MS);
  expect(older.raw.closeCode).toBe(3507);
  expect(newer.raw.closeCode).toBeUndefined();
  expect((await bench.client(here, 'dan', { token: young })).hello['user']).toBe('dan.-40example.com');
});

test('a gateway that starts later refuses what was revoked before', async () => {
  const token = await bench.token('eve', { jti: 'old' });
  await order('/tokens/revoke', { jti: 'old' });
  const late = await bench.gateway();
  const client = await bench.dial(late);
  await client.request('hello', { token, inst: bench.inst() });
  expect(await client.closed()).toBe(3507);
});

test('without Redis the caller is told that it does not hold everywhere yet; it does when Redis is back', async () => {
  const token = await bench.token('fay', { jti: 'offline' });
  const { raw } = await bench.client(there, 'fay', { token });
  stores.memory.down();
  const answer = await order('/tokens/revoke', { jti: 'offline' });
  expect(answer).toMatchObject({ status: 503, body: { code: protocolError(114).code, retry: true } });
  expect(raw.closeCode).toBeUndefined();
  stores.memory.up();
  expect(await timeToClose(raw)).toBeLessThan(EVERYWHERE_MS);
  expect(raw.closeCode).toBe(3507);
});

test.each([
  ['neither jti nor sub', {}],
  ['both', { jti: 'a', sub: 'b' }],
  ['before with a jti', { jti: 'a', before: 1 }],
  ['a subject that is none', { sub: '\u{1F600}'.repeat(60) }],
])('an order with %s is refused', async (_what, json) => {
  expect(await order('/tokens/revoke', json)).toMatchObject({ status: 400, body: { code: 107 } });
});
