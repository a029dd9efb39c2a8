import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import type { RunningGateway } from '../running-gateway.ts';
import { callApi } from '../testing/api-client.ts';
import { Bench } from '../testing/bench.ts';

/** The first retries of a key set come after 1-1.5 s and 2-3 s. */
const RETRIED_MS = 15_000;

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let gateway: RunningGateway;
let provider: Server;
let isUp = false;
let asked = 0;
const keys: { kid: string; key: CryptoKey; jwk: object }[] = [];

beforeAll(async () => {
  for (const kid of ['one', 'two']) {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    keys.push({ kid, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } });
  }
  provider = createServer((_request, response) => {
    asked += 1;
    if (!isUp) response.destroy();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [keys[0]?.jwk] }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const { port } = provider.address() as AddressInfo;
  bench = await Bench.open();
  gateway = await bench.gateway({
    auth: {
      issuer: 'tests',
      audience: 'chat',
      algorithms: ['ES256'],
      jwksURL: `http://127.0.0.1:${port}/keys`,
    },
  });
});

afterAll(async () => {
  await bench.close();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

function token(kid: string, user: string): Promise<string> {
  const signer = keys.find((entry) => entry.kid === kid);
  return new SignJWT({ caps: { '**': ['join', 'presence'] } })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setSubject(user)
    .setIssuer('tests')
    .setAudience('chat')
    .setExpirationTime('1h')
    .sign(signer?.key as CryptoKey);
}

async function hello(jwt: string) {
  const raw = await bench.dial(gateway);
  const reply = await raw.request('hello', { token: jwt, inst: bench.inst() });
  return { raw, reply };
}

test('while no keys are known: 101 with retry, 3015 with a window, 503, and not ready', async () => {
  const { raw, reply } = await hello(await token('one', 'ann'));
  expect(reply.err).toMatchObject({ code: 101, retry: true, after: 1000 });
  expect(await raw.closed()).toBe(3015);
  expect(raw.pushes.at(-1)).toMatchObject({ bye: { code: 3015, reconnect: true, after: [1000, 5000] } });
  const answer = await callApi(gateway, 'getPresence', '/rooms/a/presence', {
    token: await token('one', 'ann'),
  });
  expect(answer).toMatchObject({ status: 503, body: { code: 101, retry: true } });
  expect(answer.headers.get('retry-after')).toBe('1');
  expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(503);
});

test(
  'it comes back by itself; while the provider is down again, known keys go on serving new clients',
  async () => {
    isUp = true;
    const deadline = Date.now() + RETRIED_MS;
    while ((await fetch(`${gateway.adminUrl}/readyz`)).status !== 200) {
      if (Date.now() > deadline) throw new Error('the gateway did not get the keys');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await hello(await token('one', 'ann'))).reply['hello']).toMatchObject({ user: 'ann' });
    isUp = false;
    expect((await hello(await token('one', 'bob'))).reply['hello']).toMatchObject({ user: 'bob' });
  },
  2 * RETRIED_MS,
);

test('keys that nobody knows are refused for good, and the provider is not asked for each of them', async () => {
  const before = asked;
  for (let n = 0; n < 20; n += 1) {
    const { raw, reply } = await hello(await token('two', `user-${n}`));
    expect(reply.err).toMatchObject({ code: 101, retry: false });
    expect(await raw.closed()).toBe(3500);
  }
  expect(asked - before).toBeLessThanOrEqual(1);
});
