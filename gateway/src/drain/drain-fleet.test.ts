import { jest } from '@jest/globals';
import type { Door } from '../testing/fake-door.ts';
import { FakeFleet } from '../testing/fake-fleet.ts';
import type { DrainStatus } from './drain.ts';

/** Thousands of clients on a machine that may be busy with other tests. */
jest.setTimeout(120_000);

/** Reconnects per second of the whole platform. */
const BUDGET = 100;
const CONFIG = {
  drain: { startDelaySeconds: 5, timeoutSeconds: 120 },
  live: {
    drain: { reconnectBudgetPerSecond: BUDGET, reconnectJitterSeconds: 15 },
    rebalance: { mode: 'Off' },
  },
} as const;

let fleet: FakeFleet;
let doors: Door[];

beforeEach(async () => {
  fleet = await FakeFleet.open();
  doors = [await fleet.gateway(CONFIG), await fleet.gateway(CONFIG), await fleet.gateway(CONFIG)];
});

afterEach(() => fleet.close());

const status = async (door: Door | undefined): Promise<DrainStatus> =>
  (await door?.admin('GET /drain'))?.body as DrainStatus;

test('2 000 clients on three gateways: those of the drained one are told once and move once, nobody else notices', async () => {
  await fleet.crowd(2000);
  const [drained] = doors;
  const theirs = fleet.clients.filter(({ door }) => door === drained);
  const others = fleet.clients.filter(({ door }) => door !== drained);
  void drained?.running.drain('SIGTERM');
  await fleet.clock.advance(8000);
  const midway = await status(drained);
  expect(midway).toMatchObject({ state: 'moving', initial: 667, forced: 0 });
  expect(midway.moved).toBeGreaterThan(100);
  expect(midway.moved + midway.remaining).toBe(667);
  expect(Math.abs(midway.eta - (667 - 300) / BUDGET)).toBeLessThanOrEqual(2);
  await fleet.clock.advance(12_000);
  expect(await status(drained)).toMatchObject({
    state: 'drained',
    initial: 667,
    moved: 667,
    forced: 0,
    remaining: 0,
  });
  expect(theirs.map(({ told, moves, breaks }) => [told, moves, breaks])).toEqual(theirs.map(() => [1, 1, 0]));
  expect(others.every(({ told, moves, breaks }) => told + moves + breaks === 0)).toBe(true);
  expect(doors.map((door) => door.count())[0]).toBe(0);
  expect(fleet.peak(1000)).toBeLessThanOrEqual(BUDGET * 1.2);
  expect(fleet.redials).toHaveLength(theirs.length);
});

test('two gateways that drain at once share the budget', async () => {
  await fleet.crowd(1200);
  void doors[0]?.running.drain('SIGTERM');
  void doors[1]?.running.drain('SIGTERM');
  await fleet.clock.advance(20_000);
  expect(doors.map((door) => door.count())).toEqual([0, 0, 1200]);
  expect(fleet.clients.every(({ told, moves, breaks }) => told <= 1 && moves === told && breaks === 0)).toBe(
    true,
  );
  expect(fleet.peak(1000)).toBeLessThanOrEqual(BUDGET * 1.2);
  // Nothing is left unused either: 800 clients at 100 per second, after the start delay.
  const span = Math.max(...fleet.redials) - Math.min(...fleet.redials);
  expect(span).toBeLessThan(9500);
});

test('without Redis each gateway keeps to its share of the budget', async () => {
  await fleet.crowd(600);
  await fleet.clock.advance(10_000);
  fleet.memory.down();
  void doors[0]?.running.drain('SIGTERM');
  await fleet.clock.advance(20_000);
  expect(doors[0]?.count()).toBe(0);
  expect(fleet.peak(1000)).toBeLessThanOrEqual((BUDGET / 3) * 1.4);
  expect(fleet.clients.every(({ told, moves, breaks }) => told <= 1 && moves === told && breaks === 0)).toBe(
    true,
  );
});

test('called off, it leaves the rest where they are and takes new clients; begun again, it tells only them', async () => {
  await fleet.crowd(1200);
  await doors[0]?.admin('POST /drain', { reason: 'operator' });
  await fleet.clock.advance(7000);
  expect((await doors[0]?.admin('DELETE /drain'))?.body).toMatchObject({ state: 'serving' });
  await fleet.clock.advance(5000);
  const left = doors[0]?.count() ?? 0;
  expect(left).toBeGreaterThan(100);
  expect(left).toBeLessThan(300);
  expect(fleet.clients.every(({ told, moves }) => told <= 1 && moves === told)).toBe(true);
  await fleet.crowd(30);
  expect(doors[0]?.count()).toBeGreaterThan(left);
  await doors[0]?.admin('POST /drain', { reason: 'operator' });
  await fleet.clock.advance(20_000);
  expect(doors[0]?.count()).toBe(0);
  expect(fleet.clients.every(({ told, moves, breaks }) => moves === told && breaks === 0)).toBe(true);
  // Only who was told just before it was called off may have dialled the same gateway again.
  expect(fleet.clients.filter(({ told }) => told > 1).length).toBeLessThan(BUDGET / 2);
});

test('clients that cannot move by themselves are closed in their slot; all come back within the budget', async () => {
  await fleet.crowd(600, { mbb: false });
  void doors[0]?.running.drain('SIGTERM');
  await fleet.clock.advance(30_000);
  expect(doors[0]?.count()).toBe(0);
  expect(
    fleet.clients.every(({ told, moves, breaks }) => told <= 1 && moves === told && breaks === told),
  ).toBe(true);
  expect(fleet.peak(1000)).toBeLessThanOrEqual(BUDGET * 1.2);
});

test('those left at the deadline are closed, and told to come back no faster than the share of the budget', async () => {
  const drain = { reconnectBudgetPerSecond: BUDGET, reconnectJitterSeconds: 1 };
  const hasty = await fleet.gateway({ ...CONFIG, live: { ...CONFIG.live, drain } });
  await fleet.crowd(500, { doors: [hasty] });
  await hasty.admin('POST /drain', { reason: 'operator', timeoutSeconds: 6 });
  await fleet.clock.advance(40_000);
  expect(await status(hasty)).toMatchObject({ state: 'drained', initial: 500, remaining: 0 });
  expect((await status(hasty)).forced).toBeGreaterThan(350);
  expect(fleet.clients.every(({ told, moves }) => told <= 1 && moves === 1)).toBe(true);
  expect(fleet.peak(1000)).toBeLessThanOrEqual(BUDGET * 1.2);
});
