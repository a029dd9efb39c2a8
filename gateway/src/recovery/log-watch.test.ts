import { jest } from '@jest/globals';
import { memoryKafka, type RangeReader } from '@chatplatform/kafka';
import { ManualClock, systemClock, type Clock } from '@chatplatform/runtime';
import { logOf, type Log } from '../publish/log.ts';
import { Bench, twins } from '../testing/bench.ts';
import { LogWatch } from './log-watch.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

const TOPICS = { messages: 'messages', control: 'control' };

async function bench() {
  const kafka = memoryKafka();
  const admin = kafka.admin();
  const create = (): Promise<unknown> =>
    admin.ensureTopics([
      { name: TOPICS.messages, partitions: 2, replicationFactor: 1 },
      { name: TOPICS.control, partitions: 1, replicationFactor: 1 },
    ]);
  await create();
  let log: Log = logOf(await admin.ensureEpoch(TOPICS.control), 2);
  const producer = kafka.producer();
  for (let n = 0; n < 3; n += 1)
    await producer.append({ topic: TOPICS.messages, partition: 1, key: 'r', value: '{}' });
  const clock = new ManualClock();
  const before = log;
  const replaced: string[] = [];
  const reader = kafka.logReader();
  let short = 0;
  const hesitant: RangeReader = {
    read: (range) => reader.read(range),
    bounds: async (topic, partition) => {
      const bounds = await reader.bounds(topic, partition);
      if (topic !== TOPICS.messages || short === 0) return bounds;
      short -= 1;
      return { ...bounds, end: bounds.end - 1 };
    },
  };
  const watch = new LogWatch({
    admin,
    reader: hesitant,
    topics: TOPICS,
    clock,
    log: () => log,
    known: () => [before.idOf(1, 1), before.idOf(1, 2)],
    onReplaced: (next) => {
      replaced.push(next.epoch);
      log = next;
    },
    onError: (error) => {
      throw error;
    },
  });
  /** A look, with the time it may need to be sure. */
  const look = async (): Promise<void> => {
    const done = watch.look();
    for (let step = 0; step < 20; step += 1) {
      await clock.advance(1_000);
      await new Promise(setImmediate);
    }
    await done;
  };
  return { admin, create, look, replaced, first: before.epoch, shorten: (times: number) => (short = times) };
}

test('a log that is as it was stays', async () => {
  const { look, replaced } = await bench();
  await look();
  expect(replaced).toEqual([]);
});

test('a topic made anew ends before what was in it: that is another log, with an epoch that everybody finds', async () => {
  const { admin, create, look, replaced, first } = await bench();
  await admin.deleteTopics([TOPICS.messages]);
  await create();
  await look();
  expect(replaced).toHaveLength(1);
  expect(replaced[0]).not.toBe(first);
  expect(await admin.ensureEpoch(TOPICS.control)).toBe(replaced[0]);
  await look();
  expect(replaced).toHaveLength(1);
});

test('a log that was short for a moment only is the same', async () => {
  const { shorten, look, replaced } = await bench();
  shorten(2);
  await look();
  expect(replaced).toEqual([]);
});

test('another epoch in the control topic is another log', async () => {
  const { admin, look, replaced, first } = await bench();
  const next = await admin.ensureEpoch(TOPICS.control, first);
  await look();
  expect(replaced).toEqual([next]);
});

/** Waits of minutes take seconds. */
const HURRY = 20;
const hurriedClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  setTimeout: (fn, ms) => systemClock.setTimeout(fn, ms / HURRY),
  sleep: (ms, signal) => systemClock.sleep(ms / HURRY, signal),
};

test('members are told that nothing can be compared any more, and go on in the new log, without a restart', async () => {
  const stores = twins();
  const world = await Bench.open(stores);
  const gateway = await world.gateway({}, { clock: hurriedClock });
  const ann = await world.client(gateway, 'ann', { rooms: { r: {} } });
  const { id } = (await world.publish(ann, 'r', 1))['pub'] as { id: string };
  await ann.raw.when(() => ann.raw.messages('r').length === 1);
  const next = await stores.cluster.admin().ensureEpoch('test.bench.control', id.slice(0, 6));
  expect(await ann.raw.closed()).toBe(3010);
  const back = await world.client(gateway, 'ann', { inst: ann.inst, rooms: { r: { pos: id } } });
  expect(back.hello['rooms']).toMatchObject({ r: { recovered: false, reason: 'epoch', head: '' } });
  const again = (await world.publish(back, 'r', 2))['pub'] as { id: string };
  expect(again.id.slice(0, 6)).toBe(next);
  await world.close();
});
