import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { StoreWatch } from './store-watch.ts';

/** A watch over its own opening of a shared store; `isNewLog` runs between its two looks. */
function scene(isNewLog: (other: ReturnType<typeof memoryRedis>) => Promise<boolean>) {
  const clock = new ManualClock();
  const store = memoryRedis({ clock });
  let losses = 0;
  const watch = new StoreWatch({
    redis: store.open(),
    clock,
    logger: silentLogger,
    isNewLog: () => isNewLog(store),
    onLost: () => {
      losses += 1;
    },
  });
  return { watch, losses: () => losses };
}

test('a worker that starts beside another on a new platform takes its first commit for no loss', async () => {
  const { watch, losses } = scene(async (store) => {
    await store.open().keyspace.establish({ complete: true });
    return false;
  });
  await watch.confirm();
  expect(losses()).toBe(0);
  expect(watch.complete).toBe(true);
  watch.close();
});

test('an empty Redis beside a consumed log is a loss, whoever noticed first', async () => {
  const { watch, losses } = scene(async (store) => {
    await store.open().keyspace.establish({ complete: false });
    return false;
  });
  await watch.confirm();
  expect(losses()).toBe(1);
  expect(watch.complete).toBe(false);
  watch.close();
});
