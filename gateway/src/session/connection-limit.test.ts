import { jest } from '@jest/globals';
import { Bench, twins } from '../testing/bench.ts';
import type { RunningGateway } from '../running-gateway.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const LIMITS = { live: { limits: { maxConnectionsPerUser: 2, connectionsPerSecondPerIP: 10_000 } } };

let bench: Bench;
let stores: ReturnType<typeof twins>;
let gateways: RunningGateway[];

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
  gateways = [await bench.gateway(LIMITS), await bench.gateway(LIMITS), await bench.gateway(LIMITS)];
});

afterEach(() => bench.close());

/** The close code a further connection of ann gets at gateway `n`; undefined when it is welcome. */
async function further(n: number, hello: object = {}): Promise<number | undefined> {
  const raw = await bench.dial(gateways[n] as RunningGateway);
  raw.raw(JSON.stringify({ i: 1, hello: { token: await bench.token('ann'), inst: bench.inst(), ...hello } }));
  await raw.when(() => raw.closeCode !== undefined || raw.lines.some((line) => line.i === 1));
  return raw.closeCode;
}

test('connections of a user count on all gateways', async () => {
  const first = await bench.client(gateways[0] as RunningGateway, 'ann');
  await bench.client(gateways[1] as RunningGateway, 'ann');
  expect(await further(2)).toBe(3504);
  expect(await further(0)).toBe(3504);
  expect(await bench.client(gateways[2] as RunningGateway, 'bob')).toBeDefined();
  await first.raw.close();
  expect(await further(2)).toBeUndefined();
});

test('who takes an own session over needs no further place', async () => {
  const first = await bench.client(gateways[0] as RunningGateway, 'ann');
  await bench.client(gateways[1] as RunningGateway, 'ann');
  expect(await further(2, { resume: first.hello['resume'] })).toBeUndefined();
  expect(await first.raw.closed()).toBe(3514);
  expect(await further(0)).toBe(3504);
});

test('of many that come at once through all gateways exactly as many as allowed are let in', async () => {
  const codes = await Promise.all(Array.from({ length: 9 }, (_, n) => further(n % 3)));
  expect(codes.filter((code) => code === undefined)).toHaveLength(2);
  expect(codes.filter((code) => code === 3504)).toHaveLength(7);
});

test('without Redis each gateway counts its own', async () => {
  stores.memory.down();
  expect([await further(0), await further(0), await further(0), await further(1)]).toEqual([
    undefined,
    undefined,
    3504,
    undefined,
  ]);
});
