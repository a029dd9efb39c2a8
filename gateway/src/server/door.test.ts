import { jest } from '@jest/globals';
import { request, type IncomingMessage } from 'node:http';
import { ProblemSchema } from '@chatplatform/protocol';
import type { RunningGateway } from '../running-gateway.ts';
import { Bench } from '../testing/bench.ts';

// What the real server does at the door: addresses behind proxies, origins, what a refused upgrade is told.

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

/** The answer to an upgrade: 101, or a refusal with its problem document. */
async function dial(gateway: RunningGateway, headers: Record<string, string | string[]> = {}) {
  const { host, port } = { host: '127.0.0.1', port: new URL(gateway.url).port };
  return new Promise<{ status: number; retryAfter: string | undefined; problem: unknown }>(
    (resolve, reject) => {
      const upgrade = request({
        host,
        port,
        path: '/ws',
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.alloc(16).toString('base64'),
          ...headers,
        },
      });
      const refused = async (response: IncomingMessage): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        const problem = ProblemSchema.strict().parse(JSON.parse(Buffer.concat(chunks).toString()));
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], problem });
      };
      upgrade.on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve({ status: 101, retryAfter: undefined, problem: undefined });
      });
      upgrade.on('response', (response) => void refused(response).catch(reject));
      upgrade.on('error', reject);
      upgrade.end();
    },
  );
}

/** Statuses of `count` upgrades one right after the other, sent at once so that no second passes. */
async function rush(gateway: RunningGateway, count: number, headers?: Record<string, string | string[]>) {
  const answers = await Promise.all(Array.from({ length: count }, () => dial(gateway, headers)));
  return answers.map(({ status }) => status).filter((status) => status === 101).length;
}

const live = { limits: { connectionsPerSecondPerIP: 4 } };
/** Where a rush of 40 takes longer than it should, some seconds' worth of tokens come back meanwhile. */
const RUSH = 40;

test('an address over its rate is told when to come again', async () => {
  const gateway = await bench.gateway({ live });
  const answers = await Promise.all(Array.from({ length: RUSH }, () => dial(gateway)));
  const refused = answers.filter(({ status }) => status !== 101);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(answer).toMatchObject({
      status: 429,
      retryAfter: '1',
      problem: { code: 111, status: 429, retry: true, after: 1000 },
    });
  }
});

test('behind a trusted proxy clients are counted, not the proxy', async () => {
  const gateway = await bench.gateway({ live, trustedProxies: ['127.0.0.0/8'] });
  const clients = Array.from({ length: RUSH }, (_, n) =>
    dial(gateway, { 'x-forwarded-for': `198.51.100.${n}` }),
  );
  expect((await Promise.all(clients)).every(({ status }) => status === 101)).toBe(true);
  expect(await rush(gateway, RUSH, { 'x-forwarded-for': '203.0.113.5' })).toBeLessThan(RUSH);
});

test('a line of its own that a client put in front of that of the proxy changes nothing', async () => {
  const gateway = await bench.gateway({ live, trustedProxies: ['127.0.0.0/8'] });
  const clients = Array.from({ length: RUSH }, (_, n) =>
    dial(gateway, { 'X-Forwarded-For': [`198.51.100.${n}`, '203.0.113.5'] }),
  );
  expect((await Promise.all(clients)).some(({ status }) => status === 429)).toBe(true);
});

test('who is no trusted proxy is not believed', async () => {
  const gateway = await bench.gateway({ live });
  const clients = Array.from({ length: RUSH }, (_, n) =>
    dial(gateway, { 'x-forwarded-for': `198.51.100.${n}` }),
  );
  expect((await Promise.all(clients)).some(({ status }) => status === 429)).toBe(true);
});

test('pages of other origins stay outside', async () => {
  const gateway = await bench.gateway({ origins: ['https://chat.example'] });
  expect((await dial(gateway, { origin: 'https://chat.example' })).status).toBe(101);
  expect((await dial(gateway)).status).toBe(101);
  expect(await dial(gateway, { origin: 'https://evil.example' })).toMatchObject({
    status: 403,
    problem: { code: 103, detail: expect.stringContaining('allowedOrigins') },
  });
});

test('a range of proxies that is none keeps the gateway from starting, and says which', async () => {
  await expect(bench.gateway({ trustedProxies: ['10.0.0.0/99'] })).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('10.0.0.0/99'),
  });
});
