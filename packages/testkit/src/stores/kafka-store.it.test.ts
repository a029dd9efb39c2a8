import { existsSync } from 'node:fs';
import { connectKafka, type Kafka } from '@chatplatform/kafka';
import { type KafkaStore, startKafka } from './kafka-store.ts';
import { StoreError } from './store-error.ts';

const TOPIC = 't';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

async function withClient<T>(store: KafkaStore, use: (client: Kafka) => Promise<T>): Promise<T> {
  const client = connectKafka(
    { bootstrapServers: store.bootstrapServers, clientId: 'test' },
    { logger: quiet },
  );
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Leaders may still be chosen after the death or start of a broker: ask again until one answers, at most 30 s. */
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

function createTopic(store: KafkaStore): Promise<unknown> {
  const replicationFactor = store.brokers.length;
  return withClient(store, (client) =>
    onceServed(() => client.admin().ensureTopics([{ name: TOPIC, partitions: 1, replicationFactor }])),
  );
}

/** Appends and gives back the offset; resolves only when Kafka has acknowledged. */
function append(store: KafkaStore, value: string): Promise<number> {
  return withClient(store, async (client) => {
    const record = { topic: TOPIC, partition: 0, key: 'k', value };
    const producer = client.producer();
    const { offset } = await onceServed(() => producer.append(record));
    await producer.close();
    return offset;
  });
}

/** The offset the next record will get. */
function end(store: KafkaStore): Promise<number> {
  return withClient(store, (client) =>
    onceServed(() => client.admin().offsetAt(TOPIC, 0, Number.MAX_SAFE_INTEGER)),
  );
}

test('one broker has every acknowledged record after kill -9 and restart, and leaves nothing after stop', async () => {
  const kafka = await startKafka();
  try {
    const { pid } = kafka;
    await createTopic(kafka);
    for (const value of ['a', 'b', 'c']) await append(kafka, value);
    await kafka.kill9();
    expect(() => kafka.pid).toThrow(expect.objectContaining({ code: 'not-running' }));
    await kafka.restart();
    expect(kafka.pid).not.toBe(pid);
    expect(await end(kafka)).toBe(3);
    expect(await append(kafka, 'd')).toBe(3);
  } finally {
    await kafka.stop();
  }
  expect(existsSync(kafka.dir)).toBe(false);
}, 120_000);

test('three brokers keep serving acknowledged writes while one is dead', async () => {
  const kafka = await startKafka({ brokers: 3 });
  try {
    await createTopic(kafka);
    expect(await append(kafka, 'a')).toBe(0);
    await kafka.brokers[0]?.process.kill9();
    const offset = await append(kafka, 'b');
    expect(offset).toBeGreaterThanOrEqual(1);
    await kafka.restart();
    expect(await end(kafka)).toBeGreaterThan(offset);
  } finally {
    await kafka.stop();
  }
}, 120_000);

test('a broker that cannot start says why', async () => {
  const failure = startKafka({ settings: { 'log.segment.bytes': 'many' } });
  await expect(failure).rejects.toBeInstanceOf(StoreError);
  await expect(failure).rejects.toThrow(/log\.segment\.bytes/);
}, 60_000);
