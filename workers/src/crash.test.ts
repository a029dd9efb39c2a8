import type { MemoryConsumer } from '@chatplatform/kafka';
import { systemClock, until } from '@chatplatform/runtime';
import { World } from './test/world.ts';
import type { RunningWorker } from './worker.ts';

let world: World;
let worker: RunningWorker;

afterEach(async () => {
  await worker.close();
  await world.close();
});

/** A worker whose first consumer, the one of the message log, is in the test's hands. */
async function started(hold: (consumer: MemoryConsumer) => void): Promise<void> {
  world = await new World().open();
  const client = world.kafka.client();
  let held = false;
  const make = client.consumer.bind(client);
  client.consumer = () => {
    const consumer = make();
    if (!held) hold(consumer);
    held = true;
    return consumer;
  };
  worker = await world.worker({ kafka: client });
}

async function isLive(): Promise<boolean> {
  return (await fetch(`${worker.adminUrl}/healthz`)).ok;
}

test('a consumer loop that ended for good: the process is not live and asks to be restarted', async () => {
  let consumer: MemoryConsumer | undefined;
  await started((made) => (consumer = made));
  expect(await isLive()).toBe(true);
  consumer?.crash(new Error('no rights'));
  await expect(worker.failed).rejects.toMatchObject({ code: 'consumer' });
  expect(await isLive()).toBe(false);
});

test('a consumer loop that hangs: the process is not live once it was silent for two minutes', async () => {
  let silentMs = 119_000;
  await started((made) => {
    made.lastActivity = () => systemClock.monotonic() - silentMs;
  });
  expect(await isLive()).toBe(true);
  silentMs = 121_000;
  // Only once the loop runs: before that, the topics are waited for.
  await until(async () => !(await isLive()));
});
