import { existsSync } from 'node:fs';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type KafkaStore, startKafka } from './kafka-store.ts';
import { StoreError } from './store-error.ts';

const TOPIC = 't';

async function withClient<T>(
  store: KafkaStore,
  use: (client: Kafka, admin: Admin) => Promise<T>,
): Promise<T> {
  const client = new Kafka({ brokers: store.bootstrapServers, logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    return await use(client, admin);
  } finally {
    await admin.disconnect();
  }
}

async function append(store: KafkaStore, values: string[]): Promise<void> {
  await withClient(store, async (client, admin) => {
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 1 }], waitForLeaders: true });
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic: TOPIC, acks: -1, messages: values.map((value) => ({ key: 'k', value })) });
    await producer.disconnect();
  });
}

/** kafkajs gives up on a refused connection or a missing leader: ask again until leaders are chosen. */
async function onceServed<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (performance.now() > deadline) throw cause;
    }
  }
}

function end(store: KafkaStore): Promise<number> {
  return withClient(store, async (_client, admin) => {
    const [partition] = await admin.fetchTopicOffsets(TOPIC);
    return Number(partition?.high);
  });
}

test('one broker has every acknowledged record after kill -9 and restart, and leaves nothing after stop', async () => {
  const kafka = await startKafka();
  try {
    const { pid } = kafka;
    await append(kafka, ['a', 'b', 'c']);
    await kafka.kill9();
    expect(() => kafka.pid).toThrow(expect.objectContaining({ code: 'not-running' }));
    await kafka.restart();
    expect(kafka.pid).not.toBe(pid);
    expect(await end(kafka)).toBe(3);
    await append(kafka, ['d']);
    expect(await end(kafka)).toBe(4);
  } finally {
    await kafka.stop();
  }
  expect(existsSync(kafka.dir)).toBe(false);
}, 120_000);

test('three brokers keep serving acknowledged writes while one is dead', async () => {
  const kafka = await startKafka({ brokers: 3 });
  try {
    await append(kafka, ['a']);
    await kafka.brokers[0]?.process.kill9();
    await onceServed(() => append(kafka, ['b']));
    const before = await onceServed(() => end(kafka));
    expect(before).toBeGreaterThanOrEqual(2);
    await kafka.restart();
    expect(await onceServed(() => end(kafka))).toBe(before);
  } finally {
    await kafka.stop();
  }
}, 120_000);

test('a broker that cannot start says why', async () => {
  const failure = startKafka({ settings: { 'log.segment.bytes': 'many' } });
  await expect(failure).rejects.toBeInstanceOf(StoreError);
  await expect(failure).rejects.toThrow(/log\.segment\.bytes/);
}, 60_000);
