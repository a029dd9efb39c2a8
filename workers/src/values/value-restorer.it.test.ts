import { jest } from '@jest/globals';
import { names, roomOptions, type RoomOptions } from '@chatplatform/platform';
import { encodeRecord, namespaceOf, partitionOf } from '@chatplatform/protocol';
import { partOf, valuesOf } from '@chatplatform/redis';
import { systemClock, systemRandom, until } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { startStores, type RealStores } from '../integration/stores.ts';
import { StoreWatch } from '../store-watch.ts';
import { ValueRestorer } from './value-restorer.ts';

// The values of a log that nobody reads but the restorer, on a real Kafka and a real Redis.

const PLATFORM = { namespace: 'it', name: 'values' };
const { topics } = names(PLATFORM.namespace, PLATFORM.name);
const PARTITIONS = 2;
const ROOM = 'board:1';
const PARTITION = partitionOf(ROOM, PARTITIONS);
const OTHER_ROOM = roomBeside(ROOM);
const KEYS = 40;
/** More than one reading takes; every tenth is a value. */
const RECORDS = 12_000;

jest.setTimeout(120_000);

let stores: RealStores;

beforeAll(async () => {
  stores = await startStores({ ...PLATFORM, partitions: PARTITIONS, eventPartitions: 1 });
});

afterAll(() => stores.stop());

/** A room of messages in the same partition. */
function roomBeside(room: string): string {
  for (let n = 0; ; n += 1)
    if (partitionOf(`team:${n}`, PARTITIONS) === partitionOf(room, PARTITIONS)) return `team:${n}`;
}

function optionsOf(room: string): RoomOptions {
  const board = { ...roomOptions([], 'board'), kind: 'latest' as const };
  return roomOptions([board], namespaceOf(room));
}

/** Sets keys in turn; each 50th time an older value comes again. Resolves with what every key has at last. */
async function publish(): Promise<Map<string, number | null>> {
  const expected = new Map<string, number | null>();
  const records = Array.from({ length: RECORDS }, (_, at) => {
    if (at % 10 !== 0) return recordOf({ room: OTHER_ROOM, n: at + 1, data: at });
    const turn = at / 10;
    if (turn % 50 === 49) return recordOf(valueAt(turn - 45));
    const value = valueAt(turn);
    expected.set(value.k, value.data);
    return recordOf(value);
  });
  const producer = stores.kafka.producer();
  for (let from = 0; from < records.length; from += 500)
    await producer.appendAll(records.slice(from, from + 500));
  await producer.close();
  return expected;
}

function valueAt(turn: number): { room: string; n: number; k: string; data: number | null } {
  return { room: ROOM, n: turn + 1, k: `k${turn % KEYS}`, data: turn % 7 === 0 ? null : turn };
}

function recordOf({ room, n, k, data }: { room: string; n: number; k?: string; data: unknown }) {
  const cid = `instance-of-somebody.${n}`;
  return { topic: topics.messages, partition: PARTITION, ...encodeRecord({ room, cid, user: 'u', data, k }) };
}

test('every key gets its newest value back, deletions stay, and copies count for nothing', async () => {
  const expected = await publish();
  const { kafka, redis, epoch } = stores;
  const clock = systemClock;
  const watch = new StoreWatch({
    ...{ redis, clock, epoch, logger: silentLogger },
    isNewLog: () => Promise.resolve(false),
    onLost: () => undefined,
  });
  const restorer = new ValueRestorer({
    store: watch,
    reader: kafka.logReader(),
    latest: redis.latest(epoch),
    admission: { context: { epoch, partitions: PARTITIONS, optionsOf }, rules: [] },
    ...{ clock, random: systemRandom, logger: silentLogger },
    left: createMetrics({ prefix: 'it', defaults: false }).gauge('left', 'Left', ['partition']),
  });
  const part = valuesOf(partOf(epoch, topics.messages, PARTITION));
  await watch.confirm();
  expect(await redis.keyspace.horizonOf(ROOM, part)).toBeUndefined();
  restorer.assigned(topics.messages, [0, 1]);
  await until(async () => (await redis.keyspace.horizonOf(ROOM, part)) === 0);
  const { entries, head } = await redis.latest(epoch).all(ROOM);
  const found = entries.map(({ frame }) => (JSON.parse(frame) as { v: { k: string; d: number } }).v);
  const live = [...expected].filter(([, data]) => data !== null);
  expect(new Map(found.map(({ k, d }) => [k, d]))).toEqual(new Map(live));
  expect(head).toBe('');
  expect((await redis.history(epoch).newest(OTHER_ROOM, 10)).entries).toEqual([]);
  restorer.close();
  watch.close();
});
