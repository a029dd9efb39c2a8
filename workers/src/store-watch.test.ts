import { memoryRedis, RedisError, type Redis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { StoreWatch } from './store-watch.ts';

function setUp(o: { isNewLog?: () => Promise<boolean>; redis?: (redis: Redis) => Redis } = {}) {
  const clock = new ManualClock();
  const store = memoryRedis({ clock });
  const real = store.open();
  const redis = o.redis?.(real) ?? real;
  let losses = 0;
  const watch = new StoreWatch({
    redis,
    clock,
    logger: silentLogger,
    epoch: 'epoch1',
    isNewLog: o.isNewLog ?? (() => Promise.resolve(true)),
    onLost: () => (losses += 1),
  });
  return { clock, store, watch, losses: () => losses };
}

/** Whether the watch takes the store to have everything since the log began. */
async function isComplete(watch: StoreWatch): Promise<boolean> {
  return (await watch.horizon('t', 3, { generation: await watch.confirm(), begin: 7 })) === 0;
}

test('nobody may write before the first look is over, however many ask', async () => {
  let answer: (isNew: boolean) => void = () => undefined;
  const { watch, clock } = setUp({ isNewLog: () => new Promise((resolve) => (answer = resolve)) });
  let confirmed = 0;
  const all = [1, 2].map(() => isComplete(watch).then((complete) => (confirmed += complete ? 1 : 0)));
  await clock.advance(100);
  expect(confirmed).toBe(0);
  answer(true);
  await Promise.all(all);
  expect(confirmed).toBe(2);
  watch.close();
});

test('a break during the look has it repeated', async () => {
  let looks = 0;
  const { watch, store, losses } = setUp({
    redis: (redis) =>
      Object.assign(Object.create(redis) as Redis, {
        keyspace: {
          establish: redis.keyspace.establish.bind(redis.keyspace),
          state: async () => {
            const seen = await redis.keyspace.state();
            looks += 1;
            if (looks === 2) {
              store.restore(store.snapshot());
              store.down();
              store.up();
            }
            return seen;
          },
        },
      }),
  });
  await watch.confirm();
  expect(losses()).toBe(1);
  watch.close();
});

test('a log that another worker began meanwhile is complete and lost nothing', async () => {
  const world = setUp({
    isNewLog: async () => {
      await world.store.open().keyspace.establish({ complete: true });
      return false;
    },
  });
  await world.watch.confirm();
  expect(await isComplete(world.watch)).toBe(true);
  expect(world.losses()).toBe(0);
  world.watch.close();
});

test('an empty Redis beside a consumed log is a loss, whoever noticed first', async () => {
  const world = setUp({
    isNewLog: async () => {
      await world.store.open().keyspace.establish({ complete: false });
      return false;
    },
  });
  await world.watch.confirm();
  expect(world.losses()).toBe(1);
  expect(await isComplete(world.watch)).toBe(false);
  world.watch.close();
});

test('while Kafka does not say whether the log is new, nothing is confirmed and nothing is lost', async () => {
  let down = true;
  const { watch, losses } = setUp({
    isNewLog: () => (down ? Promise.reject(new RedisError('unavailable', 'down')) : Promise.resolve(true)),
  });
  await expect(watch.confirm()).rejects.toThrow('down');
  await expect(watch.confirm()).rejects.toThrow('down');
  down = false;
  await watch.confirm();
  expect(await isComplete(watch)).toBe(true);
  expect(losses()).toBe(0);
  watch.close();
});

test('a store that comes back is looked at at once, without a message', async () => {
  const { watch, store, clock, losses } = setUp();
  await watch.confirm();
  store.down();
  store.restore(store.snapshot());
  store.up();
  await clock.advance(1);
  expect(losses()).toBe(1);
  store.wipe();
  await clock.advance(5_000);
  expect(losses()).toBe(2);
  expect(await isComplete(watch)).toBe(false);
  watch.close();
});

test('a loss changes the generation, and nobody may write between its notice and the next canary', async () => {
  const { watch, store, clock, losses } = setUp();
  const first = await watch.confirm();
  store.wipe();
  await clock.advance(5_000);
  expect(losses()).toBe(1);
  const second = await watch.confirm();
  expect(second.life).not.toBe(first.life);
  expect((await store.open().keyspace.state()).generation).toEqual(second);
  watch.close();
});

test('what is rebuilt from one log says nothing about another', async () => {
  const { watch, store } = setUp();
  const generation = await watch.confirm();
  await watch.markRebuilt('t', 3, { generation, begin: 7 });
  expect(await watch.rebuiltIn('t', 3)).toEqual(generation);
  expect(await watch.rebuiltIn('t', 4)).toBeUndefined();
  expect(await store.open().keyspace.rebuiltIn('epoch2 t/3')).toBeUndefined();
  watch.close();
});

test('a store that lost nothing has all of a partition; one that did has it from where the replay began', async () => {
  const { watch, store, clock } = setUp();
  const replay = async (begin: number) => ({ generation: await watch.confirm(), begin });
  expect(await watch.horizon('t', 3, await replay(70))).toBe(0);
  store.wipe();
  await clock.advance(5_000);
  expect(await watch.horizon('t', 3, await replay(70))).toBe(70);
  // Nobody brought that replay to its end, so the next one cannot build on it.
  expect(await watch.horizon('t', 3, await replay(80))).toBe(80);
  await watch.markRebuilt('t', 3, await replay(80));
  expect(await watch.horizon('t', 3, await replay(90))).toBe(80);
  // A failover loses the last writes only, and those are replayed.
  store.restore(store.snapshot());
  await clock.advance(5_000);
  expect(await watch.horizon('t', 3, await replay(95))).toBe(80);
  store.wipe();
  await clock.advance(5_000);
  expect(await watch.horizon('t', 3, await replay(99))).toBe(99);
  expect(await store.open().keyspace.horizonOf('room', 'epoch1 t/3')).toBe(99);
  watch.close();
});

test('a store that lost everything has the values of a partition when they were written again in this life of it', async () => {
  const { watch, store, clock } = setUp();
  const has = async (partition: number) => watch.hasValues('t', partition, await watch.confirm());
  expect(await has(3)).toBe(true);
  store.wipe();
  await clock.advance(5_000);
  expect(await has(3)).toBe(false);
  await watch.markValues('t', 3, { generation: await watch.confirm(), begin: 7 });
  expect([await has(3), await has(4)]).toEqual([true, false]);
  const { keyspace } = store.open();
  expect(await keyspace.horizonOf('room', 'epoch1 t/3 values')).toBe(7);
  expect(await keyspace.horizonOf('room', 'epoch1 t/3')).toBeUndefined();
  await watch.doubtValues('t', 3);
  expect(await has(3)).toBe(false);
  expect(await keyspace.horizonOf('room', 'epoch1 t/3 values')).toBeUndefined();
  await watch.markValues('t', 3, { generation: await watch.confirm(), begin: 7 });
  store.wipe();
  await clock.advance(5_000);
  expect(await has(3)).toBe(false);
  watch.close();
});

test('a store in doubt is looked at before anything else is written', async () => {
  const { watch, store, losses } = setUp();
  const { life } = await watch.confirm();
  store.wipe();
  expect((await watch.confirm()).life).toBe(life);
  watch.doubt();
  expect((await watch.confirm()).life).not.toBe(life);
  expect(losses()).toBe(1);
  watch.close();
});
