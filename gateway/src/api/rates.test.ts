import { ManualClock } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { gatewayMetrics } from '../admin/gateway-metrics.ts';
import { AuthError } from '../auth/identity.ts';
import { AddressRates } from '../server/address-rates.ts';
import type { HttpAnswer, HttpRequest } from '../server/http.ts';
import { TokenBucket, TokenBuckets } from '../session/token-bucket.ts';
import { Api } from './api.ts';
import type { ApiHandlers } from './call.ts';
import { CrossOrigin } from './cross-origin.ts';

const clock = new ManualClock();

/** An API that lets 2 requests per user and 3 failures per address through at once. */
function api(over: { handler?: () => Promise<never>; isEnding?: () => boolean } = {}) {
  const done = over.handler ?? (() => Promise.resolve({ status: 204 as const }));
  return new Api({
    clock,
    logger: silentLogger,
    metrics: gatewayMetrics(createMetrics({ defaults: false })),
    handlers: { getPresence: done } as unknown as ApiHandlers,
    verify: (user) => {
      if (user === 'unknown-keys') return Promise.reject(new AuthError('unavailable', 'no keys yet'));
      if (user === 'bad') return Promise.reject(new AuthError('invalid', 'not a token'));
      return Promise.resolve({ user, caps: {}, exp: 0 });
    },
    crossOrigin: new CrossOrigin(undefined),
    users: new TokenBuckets(() => new TokenBucket(clock, 1, 2)),
    addresses: new AddressRates(clock, () => 3),
    maxBodyBytes: () => 1000,
    isEnding: over.isEnding ?? (() => false),
  });
}

function request(token: string, remoteAddress = '203.0.113.1'): HttpRequest {
  return {
    method: 'GET',
    path: '/api/v1/rooms/a/presence',
    query: new URLSearchParams(),
    headers: new Map([['authorization', `Bearer ${token}`]]),
    remoteAddress,
    body: Buffer.alloc(0),
  };
}

const statuses = (answers: HttpAnswer[]): number[] => answers.map(({ status }) => status);

test('a user who asks too often is told when to come again; others are not touched by it', async () => {
  const service = api();
  const answers = [
    await service.handle(request('ann')),
    await service.handle(request('ann')),
    await service.handle(request('ann')),
  ];
  expect(statuses(answers)).toEqual([204, 204, 429]);
  expect(JSON.parse(answers[2]?.body ?? '')).toMatchObject({ code: 111, retry: true, after: 1000 });
  expect(answers[2]?.headers['Retry-After']).toBe('1');
  expect((await service.handle(request('bob'))).status).toBe(204);
  await clock.advance(1000);
  expect((await service.handle(request('ann'))).status).toBe(204);
});

test('an address that only fails to authenticate is stopped, before its tokens are looked at', async () => {
  const service = api();
  const answers: HttpAnswer[] = [];
  for (const token of ['bad', 'bad', 'bad', 'bad', 'ann']) answers.push(await service.handle(request(token)));
  expect(statuses(answers)).toEqual([401, 401, 401, 429, 429]);
  expect((await service.handle(request('ann', '203.0.113.2'))).status).toBe(204);
  await clock.advance(1000);
  expect((await service.handle(request('ann'))).status).toBe(204);
});

test('keys that are not known yet are nobody’s fault', async () => {
  const service = api();
  const answers: HttpAnswer[] = [];
  for (let n = 0; n < 5; n += 1) answers.push(await service.handle(request('unknown-keys')));
  expect(statuses(answers)).toEqual([503, 503, 503, 503, 503]);
  expect(answers[0]?.headers['Retry-After']).toBe('1');
  expect(JSON.parse(answers[0]?.body ?? '')).toMatchObject({ code: 101, retry: true });
});

test('a fault inside is a 500 that tells nothing of the inside', async () => {
  const service = api({ handler: () => Promise.reject(new Error('secret detail')) });
  const answer = await service.handle(request('ann'));
  expect(answer.status).toBe(500);
  expect(answer.body).not.toContain('secret');
});

test('more requests at once than a gateway works on are refused before their bodies are read', async () => {
  const service = api({ handler: () => new Promise<never>(() => undefined) });
  for (let n = 0; n < 1000; n += 1) void service.handle(request(`user-${n}`));
  const refusal = service.refuse(request('ann'), false);
  expect(refusal?.status).toBe(503);
  expect(refusal?.headers['Retry-After']).toBe('1');
});

test('a gateway that ends refuses new requests with 115, and is idle when the last one is answered', async () => {
  let ending = false;
  const service = api({ isEnding: () => ending });
  expect(service.refuse(request('ann'), false)).toBeUndefined();
  const underWay = service.handle(request('ann'));
  ending = true;
  expect(service.refuse(request('bob'), false)).toMatchObject({
    status: 503,
    headers: { 'Retry-After': '1' },
  });
  await service.idle();
  expect((await underWay).status).toBe(204);
  await service.idle();
});
