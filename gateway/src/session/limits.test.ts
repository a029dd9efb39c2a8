import { jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bench } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});

afterEach(() => bench.close());

test('a token in the header or the subprotocol list does as well as one in the frame', async () => {
  const gateway = await bench.gateway();
  const token = await bench.token('ann');
  const ways = [
    { headers: { authorization: `Bearer ${token}` } },
    { protocols: ['cp1.json', `token.${token}`] },
  ];
  for (const way of ways) {
    const raw = await bench.dial(gateway, way);
    expect((await raw.request('hello', { inst: bench.inst() }))['hello']).toMatchObject({ user: 'ann' });
  }
});

test('an ended token may come back with a new one; a running connection ends with its token', async () => {
  const gateway = await bench.gateway();
  const late = await bench.dial(gateway);
  const old = await bench.token('ann', { expiresInSeconds: -60 });
  expect((await late.request('hello', { token: old, inst: bench.inst() })).err).toMatchObject({ code: 109 });
  expect(await late.closed()).toBe(3005);
  const brief = await bench.dial(gateway);
  const token = await bench.token('ann', { expiresInSeconds: 1 });
  await brief.request('hello', { token, inst: bench.inst() });
  expect(await brief.closed()).toBe(3005);
});

test('refresh puts the end off, for the same user only', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const longer = await bench.token('ann', { expiresInSeconds: 7200 });
  const reply = await ann.raw.request('refresh', { token: longer });
  expect((reply['refresh'] as { exp: number }).exp).toBeGreaterThan(ann.hello['exp'] as number);
  ann.raw.raw(JSON.stringify({ i: 99, refresh: { token: await bench.token('eve') } }));
  expect(await ann.raw.closed()).toBe(3500);
});

test('says nothing for five seconds: 3014', async () => {
  const gateway = await bench.gateway();
  expect(await (await bench.dial(gateway)).closed()).toBe(3014);
}, 10_000);

test('other versions of the protocol: 3506', async () => {
  const gateway = await bench.gateway();
  const response = bench.dial(gateway, { protocols: ['cp9.cbor'] });
  // The library of this test refuses an upgrade without one of its protocols; what matters is that it fails at once.
  await expect(response).rejects.toThrow('subprotocol');
});

test('requests over the rate get 111 with a time, and who goes on is closed with 3013', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  for (let i = 1000; i < 1200; i += 1) ann.raw.raw(JSON.stringify({ i, who: { room: 'r' } }));
  const refused = await ann.raw.until((line) => line.err?.code === 111);
  expect(refused.err).toMatchObject({ retry: true, after: expect.any(Number) });
  expect(await ann.raw.closed()).toBe(3013);
});

test('a user has as many connections as allowed: 3504', async () => {
  const gateway = await bench.gateway();
  for (let n = 0; n < 5; n += 1) await bench.client(gateway, 'ann');
  const sixth = await bench.dial(gateway);
  sixth.raw(JSON.stringify({ i: 1, hello: { token: await bench.token('ann'), inst: bench.inst() } }));
  expect(await sixth.closed()).toBe(3504);
});

test('rooms over the limit are refused with 106, the others are joined', async () => {
  const gateway = await bench.gateway({ live: { limits: { maxRoomsPerConnection: 2 } } });
  const ann = await bench.client(gateway, 'ann', { rooms: { a: {}, b: {} } });
  expect(Object.keys(ann.hello['rooms'] as object)).toEqual(['a', 'b']);
  expect((await ann.raw.request('join', { room: 'c' })).err).toMatchObject({ code: 106 });
});

test('a reader that is too slow is told 3008 or cut, and the others get everything', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  const slow = await bench.client(gateway, 'slow', { rooms: { r: {} } });
  slow.raw.socket.pause();
  const data = 'x'.repeat(60_000);
  const count = 150;
  for (let n = 1; n <= count; n += 1) await bench.publish(ann, 'r', n, { data });
  await ann.raw.when(() => ann.raw.messages('r').length === count);
  slow.raw.socket.resume();
  expect([3008, 1006]).toContain(await slow.raw.closed());
  expect(ann.raw.closeCode).toBeUndefined();
  // Once, whichever of the two it was.
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  expect(metrics).toContain('\nchat_gateway_slow_closes_total 1\n');
}, 30_000);

test('settings of the live file are applied without a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-live-'));
  const liveFile = join(folder, 'live.json');
  writeFileSync(liveFile, JSON.stringify({ limits: { maxRoomsPerConnection: 2 } }));
  const gateway = await bench.gateway({ liveFile, live: { limits: { maxRoomsPerConnection: 2 } } });
  const before = await bench.client(gateway, 'ann');
  expect(before.hello['limits']).toMatchObject({ rooms: 2 });
  writeFileSync(liveFile, JSON.stringify({ limits: { maxRoomsPerConnection: 7 } }));
  const rooms = async (): Promise<number> => {
    const { hello, raw } = await bench.client(gateway, 'bob');
    await raw.close();
    return (hello['limits'] as { rooms: number }).rooms;
  };
  const deadline = Date.now() + 8000;
  let seen = await rooms();
  while (seen !== 7 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    seen = await rooms();
  }
  rmSync(folder, { recursive: true });
  expect(seen).toBe(7);
}, 15_000);
