import {
  memoryKafka,
  type BatchResult,
  type InRecord,
  type MemoryKafka,
  type RecordBatch,
} from '@chatplatform/kafka';
import { BEGINNING, encodeEvent, formatPosition } from '@chatplatform/protocol';
import { memoryRedis } from '@chatplatform/redis';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { EndpointGone, type Delivered, type Errand } from './endpoint.ts';
import { notificationMetrics } from './notification-metrics.ts';
import { NotificationService } from './notification-service.ts';
import { Whereabouts } from './whereabouts.ts';

const NOW = 1_760_000_000_000;
const opened: MemoryKafka[] = [];
afterEach(() => Promise.all(opened.splice(0).map((kafka) => kafka.close())));

async function setUp() {
  const clock = new ManualClock(NOW);
  const store = memoryRedis({ clock });
  const redis = store.open();
  const kafka = memoryKafka();
  opened.push(kafka);
  await kafka.admin().ensureTopics([{ name: 'dead', partitions: 1, replicationFactor: 1 }]);
  const sent: string[] = [];
  const metrics = createMetrics({ defaults: false });
  let answer: (errand: Errand) => Promise<Delivered> = () => Promise.resolve({ ok: true });
  const service = new NotificationService({
    webhook: 'push',
    endpoint: {
      deliver: (errand) => {
        sent.push(errand.notice.id);
        return answer(errand);
      },
    },
    whereabouts: new Whereabouts(redis),
    deliveries: redis.deliveries,
    producer: kafka.producer(),
    deadLetters: { topic: 'dead', partitions: 1 },
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: notificationMetrics(metrics),
  });
  const handled = async (batch: RecordBatch): Promise<BatchResult | undefined> => {
    const end: { result?: BatchResult } = {};
    void service.handle(batch).then((value) => (end.result = value));
    for (let turns = 0; !end.result && turns < 100; turns += 1) await clock.advance(1_000);
    return end.result;
  };
  const answerWith = (fn: typeof answer) => (answer = fn);
  return { clock, kafka, metrics, sent, service, store, handled, answerWith };
}

const idOf = (offset: number): string => formatPosition('abcdef', 0, offset);

function event(offset: number, timestamp = NOW): InRecord {
  const { key, value } = encodeEvent({
    type: 'message.accepted',
    room: '@bob',
    id: idOf(offset),
    p: BEGINNING,
    user: 'ann',
    cid: 'abcdefghijklmnop.1',
    at: timestamp,
    data: 1,
  });
  return { partition: 0, offset, timestamp, key, value: Buffer.from(value), headers: {} };
}

function batch(records: readonly InRecord[], more: Partial<RecordBatch> = {}): RecordBatch {
  return {
    topic: 'events',
    partition: 0,
    records,
    highWatermark: records.length,
    tenure: 1,
    firstAfterAssignment: true,
    committed: 0,
    heartbeat: () => Promise.resolve(),
    isStale: () => false,
    ...more,
  };
}

test('events that are read again send nothing again', async () => {
  const { handled, sent } = await setUp();
  expect(await handled(batch([event(1), event(2)]))).toEqual({ commit: 3 });
  expect(await handled(batch([event(1), event(2), event(3)]))).toEqual({ commit: 4 });
  expect(sent).toEqual([idOf(1), idOf(2), idOf(3)]);
});

test('what is old is not sent, and a new webhook does not begin with the past', async () => {
  const { handled, sent } = await setUp();
  const hour = 3_600_000;
  await handled(batch([event(1, NOW - 25 * hour), event(2, NOW - hour)]));
  expect(sent).toEqual([idOf(2)]);
  await handled(batch([event(3, NOW - hour), event(4, NOW - 1_000)], { committed: undefined }));
  expect(sent).toEqual([idOf(2), idOf(4)]);
});

test('what is given up is in the dead letters before it is committed, and may come again', async () => {
  const { answerWith, handled, kafka, sent } = await setUp();
  answerWith(() => Promise.resolve({ ok: false, attempts: 5, message: 'the endpoint answered 503' }));
  expect(await handled(batch([event(7)]))).toEqual({ commit: 8 });
  expect(kafka.records('dead')).toMatchObject([
    {
      key: '@bob',
      headers: { 'dl-cause': 'webhook:push', 'dl-attempts': '5', 'dl-topic': 'events', 'dl-offset': '7' },
    },
  ]);
  answerWith(() => Promise.resolve({ ok: true }));
  await handled(batch([event(7)]));
  expect(sent).toEqual([idOf(7), idOf(7)]);
});

test('while Redis is away nobody is told, and nothing is committed', async () => {
  const { clock, handled, sent, store } = await setUp();
  store.down();
  const result = handled(batch([event(1)]));
  await clock.advance(5_000);
  expect(sent).toEqual([]);
  store.up();
  expect(await result).toEqual({ commit: 2 });
  expect(sent).toEqual([idOf(1)]);
});

test('a batch that is taken away is given back', async () => {
  const { answerWith, handled } = await setUp();
  answerWith(() => Promise.reject(new EndpointGone('the partition was taken away')));
  expect(await handled(batch([event(5)]))).toEqual({ seek: 5 });
  expect(await handled(batch([event(5)], { isStale: () => true }))).toEqual({ seek: 5 });
});

test('what is no event of a message is passed over', async () => {
  const { handled, sent } = await setUp();
  const other = { ...event(1), value: Buffer.from('{"type":"user.online","user":"bob","at":1}') };
  const garbage = { ...event(2), value: Buffer.from('{') };
  expect(await handled(batch([other, garbage, { ...event(3), value: null }]))).toEqual({ commit: 4 });
  expect(sent).toEqual([]);
});

test('shows how far behind it is, for the partitions it has', async () => {
  const { handled, metrics, service } = await setUp();
  await handled(batch([event(1)], { highWatermark: 10 }));
  service.assigned([0]);
  expect(await metrics.render()).toContain('notification_lag_records{webhook="push",partition="0"} 8');
  service.assigned([1]);
  expect(await metrics.render()).not.toContain('notification_lag_records{');
});
