import { memoryKafka, type LogReader } from '@chatplatform/kafka';
import { roomOptions, WorkerConfig } from '@chatplatform/platform';
import { namespaceOf, partitionOf } from '@chatplatform/protocol';
import { memoryRedis, type Generation } from '@chatplatform/redis';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { NAMES, PARTITIONS, recordOf } from '../test/world.ts';
import { ValueRestorer } from './value-restorer.ts';

const TOPIC = NAMES.topics.messages;
const ROOM = 'board:1';
const HOME = partitionOf(ROOM, PARTITIONS);
/** Longer than a replica may lag, and much shorter than an hour. */
const A_WHILE_MS = 60_000;

async function setUp() {
  const clock = new ManualClock(1_760_000_000_000);
  const kafka = memoryKafka({ clock });
  await kafka.admin().ensureTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 1 }]);
  const epoch = 'epoch1';
  const latest = memoryRedis({ clock }).open().latest(epoch);
  const { rooms } = WorkerConfig.parse({
    platform: { namespace: 'test', name: 'chat' },
    kafka: { bootstrapServers: ['unused:1'] },
    redis: { endpoints: ['unused:1'] },
    rooms: [{ prefix: 'board', kind: 'latest' }],
  });
  const state = { generation: { life: 'first', name: 'first' }, reads: 0, failures: 0 };
  const marks = new Map<string, string>();
  const inner = kafka.client().logReader();
  const reader: LogReader = {
    bounds: (topic, partition) => inner.bounds(topic, partition),
    read: (range) => inner.read(range),
    piece: async (place) => {
      state.reads += 1;
      if (state.failures-- > 0) throw new Error('not now');
      return inner.piece(place);
    },
  };
  const metrics = createMetrics({ prefix: 'test', defaults: false });
  const restorer = new ValueRestorer({
    store: {
      confirm: () => Promise.resolve(state.generation as Generation),
      hasValues: (_topic, partition, { life }) => Promise.resolve(marks.get(String(partition)) === life),
      markValues: (_topic, partition, { generation }) => {
        marks.set(String(partition), generation.life);
        return Promise.resolve();
      },
      doubtValues: (_topic, partition) => {
        marks.delete(String(partition));
        return Promise.resolve();
      },
    },
    reader,
    latest,
    admission: {
      context: { epoch, partitions: PARTITIONS, optionsOf: (room) => roomOptions(rooms, namespaceOf(room)) },
      rules: [],
    },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    left: metrics.gauge('left', 'Left', ['partition']),
  });
  const producer = kafka.producer();
  await producer.appendAll([1, 2, 3].map((n) => recordOf({ room: ROOM, inst: 'a', n, k: `k${n}` })));
  /** In steps: the twin of Kafka takes turns of the loop, which are no time. */
  const pass = async (ms: number): Promise<void> => {
    for (let step = 0; step < 50; step += 1) await clock.advance(ms / 50);
  };
  const keys = async (): Promise<string[]> => (await latest.all(ROOM)).entries.map(({ k }) => k);
  const stop = async (): Promise<void> => {
    restorer.close();
    await pass(A_WHILE_MS);
    await producer.close();
    await kafka.close();
  };
  return { pass, restorer, state, marks, keys, metrics, stop };
}

test('values come back from the log; that they are all there is said when a replica has them', async () => {
  const { pass, restorer, marks, keys, metrics, stop } = await setUp();
  restorer.assigned(TOPIC, [0, 1]);
  await pass(100);
  expect(await keys()).toEqual(['k1', 'k2', 'k3']);
  expect(marks.size).toBe(0);
  await pass(A_WHILE_MS);
  expect(Object.fromEntries(marks)).toEqual({ 0: 'first', 1: 'first' });
  expect(await metrics.render()).not.toContain('test_left{');
  await stop();
});

test('a store that loses something on the way gets them again, and is not said to have them before', async () => {
  const { pass, restorer, state, marks, stop } = await setUp();
  restorer.assigned(TOPIC, [HOME]);
  await pass(100);
  const before = state.reads;
  state.generation = { life: 'second', name: 'second' };
  await pass(5_000);
  expect(marks.size).toBe(0);
  await pass(A_WHILE_MS);
  expect(state.reads).toBe(before + 1);
  expect(marks.get(String(HOME))).toBe('second');
  state.generation = { life: 'third', name: 'third' };
  restorer.storeLost();
  await pass(A_WHILE_MS);
  expect(marks.get(String(HOME))).toBe('third');
  await stop();
});

test('a failover soon after may have lost some of it, so it is done again; one that comes much later has not', async () => {
  const { pass, restorer, state, marks, stop } = await setUp();
  restorer.assigned(TOPIC, [HOME]);
  await pass(A_WHILE_MS);
  const once = state.reads;
  state.generation = { life: 'first', name: 'after a failover' };
  restorer.storeLost();
  // Another one before anything was done.
  restorer.storeLost();
  await pass(1_000);
  expect(marks.size).toBe(0);
  await pass(A_WHILE_MS);
  expect(marks.get(String(HOME))).toBe('first');
  expect(state.reads).toBeGreaterThan(once);
  const twice = state.reads;
  await pass(11 * 60_000);
  restorer.storeLost();
  await pass(A_WHILE_MS);
  expect(state.reads).toBe(twice);
  await stop();
});

test('a log that cannot be read is asked again; a partition that was given away is not', async () => {
  const { pass, restorer, state, marks, keys, stop } = await setUp();
  state.failures = 3;
  restorer.assigned(TOPIC, [HOME]);
  await pass(A_WHILE_MS);
  expect(await keys()).toHaveLength(3);
  expect(marks.has(String(HOME))).toBe(true);
  marks.clear();
  state.failures = Number.POSITIVE_INFINITY;
  restorer.storeLost();
  await pass(100);
  restorer.assigned(TOPIC, []);
  const reads = state.reads;
  await pass(A_WHILE_MS);
  expect(state.reads - reads).toBeLessThan(2);
  expect(marks.size).toBe(0);
  await stop();
});
