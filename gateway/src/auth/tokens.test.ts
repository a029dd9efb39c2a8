import { jest } from '@jest/globals';
import type { RunningGateway } from '../running-gateway.ts';
import { Bench } from '../testing/bench.ts';

// Tokens over the life of a connection.

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let gateway: RunningGateway;

beforeAll(async () => {
  bench = await Bench.open();
  gateway = await bench.gateway();
});
afterAll(() => bench.close());

const connected = async (expiresInSeconds: number) => {
  const token = await bench.token('ann', { expiresInSeconds });
  return bench.client(gateway, 'ann', { token });
};

test('a token that ends takes its connection with it: 3005, come back with a new one', async () => {
  const { raw } = await connected(2);
  expect(await raw.closed()).toBe(3005);
  expect(raw.pushes.at(-1)).toMatchObject({ bye: { code: 3005, reconnect: true } });
});

test('refresh puts the end off, for rights and life of the new token', async () => {
  const { raw, hello } = await connected(5);
  const token = await bench.token('ann', { expiresInSeconds: 3600, caps: { 'other:*': ['join'] } });
  const { refresh } = (await raw.request('refresh', { token })) as { refresh?: { exp: number } };
  expect(refresh?.exp).toBeGreaterThan(hello['exp'] as number);
  expect((await raw.request('join', { room: 'team:a' })).err?.code).toBe(103);
  await new Promise((resolve) => setTimeout(resolve, 5500));
  expect(raw.closeCode).toBeUndefined();
});

test('a token that has ended already is refused with 109, one that is none with 101; the connection stays', async () => {
  const { raw } = await connected(3600);
  const ended = await bench.token('ann', { expiresInSeconds: -60 });
  expect((await raw.request('refresh', { token: ended })).err).toMatchObject({ code: 109, retry: false });
  expect((await raw.request('refresh', { token: 'nonsense' })).err).toMatchObject({
    code: 101,
    retry: false,
  });
  expect((await raw.request('join', { room: 'team:a' }))['join']).toBeDefined();
});

test('a token of somebody else ends the connection for good', async () => {
  const { raw } = await connected(3600);
  raw.raw(JSON.stringify({ i: 1, refresh: { token: await bench.token('bob') } }));
  expect(await raw.closed()).toBe(3500);
});
