import { formatPosition, type PlatformEvent, type ReceiptPush } from '@chatplatform/protocol';
import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { roomOptions } from '@chatplatform/platform';
import { Receipts } from './receipts.ts';

const EPOCH = 'epoch1';
const at = (offset: number): string => formatPosition(EPOCH, 0, offset);

interface Told {
  at: number;
  rc: ReceiptPush;
}

/** Gateways that share a Redis and tell each other. */
function scene(count: number) {
  const clock = new ManualClock();
  const memory = memoryRedis({ clock });
  const events: PlatformEvent[] = [];
  const errors: unknown[] = [];
  const gateways: { receipts: Receipts; told: Told[] }[] = [];
  for (let n = 0; n < count; n += 1) {
    const told: Told[] = [];
    const redis = memory.open();
    const receipts: Receipts = new Receipts({
      clock,
      store: () => redis.receipts(EPOCH),
      optionsOf: () => roomOptions([], ''),
      deliver: (_, frame) =>
        told.push({ at: clock.monotonic(), rc: (JSON.parse(frame) as { rc: ReceiptPush }).rc }),
      send: (room, frame) => {
        for (const other of gateways) if (other.receipts !== receipts) other.receipts.arrived(room, frame);
      },
      tell: (event) => events.push(event),
      onRisen: () => undefined,
      onError: (error) => errors.push(error),
    });
    gateways.push({ receipts, told });
  }
  return { clock, memory, events, errors, gateways };
}

/** What a member knows after all it was told: the highest per user, as clients keep it. */
function known(told: readonly Told[], kind: 'delivered' | 'read'): Record<string, string> {
  const best: Record<string, string> = {};
  for (const { rc } of told) {
    for (const [user, id] of Object.entries(rc[kind] ?? {})) if (id > (best[user] ?? '')) best[user] = id;
  }
  return best;
}

test('a member is told of a room at most once per second, however many gateways and users speak', async () => {
  const { clock, gateways } = scene(3);
  const latest: Record<string, string> = {};
  for (let step = 1; step <= 200; step += 1) {
    const user = `user${step % 7}`;
    latest[user] = at(step);
    const { receipts } = gateways[step % 3] as (typeof gateways)[number];
    if (step % 2 === 0) receipts.delivered('r', user, at(step));
    else void receipts.read('r', user, at(step));
    await clock.advance(37);
  }
  await clock.advance(5000);
  for (const { told } of gateways) {
    expect(known(told, 'delivered')).toEqual(latest);
    const gaps = told.slice(1).map((push, index) => push.at - (told[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(told.length).toBeGreaterThan(3);
  }
});

test('delivered watermarks that Redis did not take are kept and stored when it is back', async () => {
  const { clock, memory, errors, gateways } = scene(1);
  const [gateway] = gateways;
  memory.down();
  gateway?.receipts.delivered('r', 'ann', at(4));
  gateway?.receipts.delivered('r', 'ann', at(2));
  await clock.advance(3000);
  expect(errors.length).toBeGreaterThan(0);
  expect(gateway?.told).toEqual([]);
  memory.up();
  await clock.advance(2000);
  expect(gateway?.told.map(({ rc }) => rc)).toEqual([{ r: 'r', delivered: { ann: at(4) } }]);
});

test('a read is stored when it resolves, told to other services once, and rejected while Redis is away', async () => {
  const { clock, memory, events, gateways } = scene(1);
  const [gateway] = gateways as [(typeof gateways)[number]];
  const { receipts } = gateway;
  const reads = [receipts.read('r', 'ann', at(4)), receipts.read('r', 'ann', at(3))];
  expect(await memory.open().receipts(EPOCH).of('r')).toEqual(new Map());
  await clock.advance(100);
  await Promise.all(reads);
  expect(await memory.open().receipts(EPOCH).of('r')).toEqual(
    new Map([['ann', { delivered: at(4), read: at(4) }]]),
  );
  expect(events).toEqual([
    { type: 'message.read', room: 'r', user: 'ann', id: at(4), at: expect.any(Number) },
  ]);
  memory.down();
  const failing = expect(gateway?.receipts.read('r', 'ann', at(9))).rejects.toMatchObject({
    code: 'unavailable',
  });
  await clock.advance(1100);
  await failing;
});

test('who joins is given what was told before', async () => {
  const { clock, gateways } = scene(2);
  const [one, two] = gateways;
  expect(await two?.receipts.current('r')).toBeUndefined();
  const read = one?.receipts.read('r', 'ann', at(4));
  // Within the second in which a read is shared: what was told meanwhile must be in it.
  await clock.advance(200);
  await read;
  const frame = await two?.receipts.current('r');
  expect(JSON.parse(frame ?? '{}')).toEqual({
    rc: { r: 'r', delivered: { ann: at(4) }, read: { ann: at(4) } },
  });
});

test('a gateway that ends tells what waits, and leaves nothing running', async () => {
  const { clock, gateways } = scene(2);
  const [one, two] = gateways;
  one?.receipts.delivered('r', 'ann', at(4));
  await one?.receipts.close();
  await clock.advance(1000);
  expect(two?.told.map(({ rc }) => rc)).toEqual([{ r: 'r', delivered: { ann: at(4) } }]);
  two?.receipts.stop();
  await clock.advance(5000);
  expect(clock.pendingTimers).toBe(0);
});

test('many reads of many users at once cost one call per room and second', async () => {
  const { clock, memory, gateways } = scene(1);
  const [gateway] = gateways as [(typeof gateways)[number]];
  const reads: Promise<void>[] = [];
  for (let n = 1; n <= 300; n += 1) reads.push(gateway.receipts.read('r', `user${n % 250}`, at(n)));
  await clock.advance(100);
  await Promise.all(reads);
  // As many users as a small room has; a room with more of them keeps none.
  expect((await memory.open().receipts(EPOCH).of('r')).size).toBe(200);
  expect(gateway?.told).toHaveLength(1);
});

test('who reads on a gateway that ends is told to do it again; what was delivered is left aside', async () => {
  const { gateways } = scene(1);
  const [gateway] = gateways;
  const waiting = expect(gateway?.receipts.read('r', 'ann', at(1))).rejects.toMatchObject({ code: 'closed' });
  gateway?.receipts.stop();
  await waiting;
  await expect(gateway?.receipts.read('r', 'ann', at(1))).rejects.toMatchObject({ code: 'closed' });
  gateway?.receipts.delivered('r', 'ann', at(2));
  expect(gateway?.told).toEqual([]);
});
