import { jest } from '@jest/globals';
import type { Door } from '../testing/fake-door.ts';
import { FakeFleet } from '../testing/fake-fleet.ts';

/** Thousands of clients on a machine that may be busy with other tests. */
jest.setTimeout(120_000);

const BUDGET = 200;
const MINUTE_MS = 60_000;
const config = (mode: 'Auto' | 'Off') => ({
  live: { drain: { reconnectBudgetPerSecond: BUDGET }, rebalance: { mode } },
});

let fleet: FakeFleet;

beforeEach(async () => {
  fleet = await FakeFleet.open();
});

afterEach(() => fleet.close());

const counts = (): number[] => fleet.doors.map((door) => door.count());

async function twoFullGateways(mode: 'Auto' | 'Off', clients: number): Promise<Door[]> {
  const doors = [await fleet.gateway(config(mode)), await fleet.gateway(config(mode))];
  await fleet.crowd(clients);
  return doors;
}

test('a third gateway gets its share; each client moves at most once, none is cut off, and then it is quiet', async () => {
  await twoFullGateways('Auto', 900);
  await fleet.gateway(config('Auto'));
  await fleet.clock.advance(2 * MINUTE_MS);
  const spread = counts();
  expect(spread.reduce((sum, count) => sum + count)).toBe(900);
  expect(Math.min(...spread)).toBeGreaterThan(300 * 0.9);
  expect(Math.max(...spread)).toBeLessThan(300 * 1.1);
  expect(fleet.clients.every(({ told, moves, breaks }) => told <= 1 && moves <= told && breaks === 0)).toBe(
    true,
  );
  expect(fleet.peak(1000)).toBeLessThanOrEqual(BUDGET * 1.2);
  // No more than what had to move was asked to.
  const told = fleet.clients.filter((client) => client.told > 0).length;
  expect(told).toBeLessThan(300 * 1.2);
  const dials = fleet.redials.length;
  await fleet.clock.advance(5 * MINUTE_MS);
  expect(fleet.redials.length).toBe(dials);
  expect(counts()).toEqual(spread);
});

test('no client is moved again within ten minutes, however the gateways change', async () => {
  await twoFullGateways('Auto', 600);
  for (let round = 0; round < 3; round += 1) {
    await fleet.gateway(config('Auto'));
    await fleet.clock.advance(2 * MINUTE_MS);
  }
  expect(fleet.clients.every(({ told, breaks }) => told <= 1 && breaks === 0)).toBe(true);
  expect(fleet.clients.filter(({ told }) => told === 1).length).toBeGreaterThan(250);
  const before = fleet.redials.length;
  await fleet.clock.advance(10 * MINUTE_MS);
  // What could not be evened out then may be now.
  expect(Math.max(...counts()) - Math.min(...counts())).toBeLessThan(600 / 5 / 2);
  expect(fleet.redials.length).toBeGreaterThanOrEqual(before);
});

test('switched off, nobody moves', async () => {
  await twoFullGateways('Off', 300);
  await fleet.gateway(config('Off'));
  await fleet.clock.advance(2 * MINUTE_MS);
  expect(counts()).toEqual([150, 150, 0]);
});

test('while a gateway drains its clients are received everywhere and nobody else is moved', async () => {
  const [one] = await twoFullGateways('Auto', 600);
  const three = await fleet.gateway(config('Auto'));
  await one?.admin('POST /drain', { reason: 'operator' });
  await fleet.clock.advance(15_000);
  expect(one?.count()).toBe(0);
  expect(three.count()).toBeGreaterThan(100);
  expect(
    fleet.clients.every(
      ({ told, moves, breaks, detours }) => told <= 1 && moves <= 1 && breaks + detours === 0,
    ),
  ).toBe(true);
});

test('clients that cannot open a second socket first stay where they are', async () => {
  await fleet.gateway(config('Auto'));
  await fleet.gateway(config('Auto'));
  await fleet.crowd(200, { mbb: false });
  await fleet.gateway(config('Auto'));
  await fleet.clock.advance(3 * MINUTE_MS);
  expect(counts()).toEqual([100, 100, 0]);
});
