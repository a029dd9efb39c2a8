import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startKafka, testAuthority, type KafkaStore } from '@chatplatform/testkit';
import type { Kafka, KafkaConfig } from '../port/kafka.ts';
import { driverNames, drivers } from './drivers.ts';
import { message, Reader } from './reader.ts';

jest.setTimeout(60_000);

const USER = { name: 'ann', password: 'right-5eCret' };
let store: KafkaStore;
let folder: string;
let strangeCa: string;
beforeAll(async () => {
  store = await startKafka({ user: USER });
  folder = await mkdtemp(join(tmpdir(), 'chatplatform-ca-'));
  strangeCa = (await testAuthority(folder)).ca;
});
afterAll(async () => {
  await store.stop();
  await rm(folder, { recursive: true });
});

describe.each(driverNames)('TLS and SCRAM-SHA-512: %s', (driver) => {
  const opened: Kafka[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((kafka) => kafka.close())));

  const connect = (change: Partial<KafkaConfig> = {}): Kafka => {
    const { bootstrapServers = [], ca } = store.secured ?? {};
    const kafka = drivers[driver]({
      bootstrapServers,
      clientId: 'secured',
      tls: { ca },
      sasl: { mechanism: 'scram-sha-512', username: USER.name, password: USER.password },
      ...change,
    });
    opened.push(kafka);
    return kafka;
  };
  const wrongPassword = (): Kafka =>
    connect({ sasl: { mechanism: 'scram-sha-512', username: USER.name, password: 'wrong' } });

  test('with the right credentials everything works', async () => {
    const kafka = connect();
    const topic = `secured-${driver}`;
    await kafka.admin().ensureTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]);
    await kafka.producer().append(message(topic, 'a'));
    const reader = new Reader(kafka.consumer());
    await reader.start(topic, `${topic}-g`);
    await until(() => reader.values.length === 1, 20_000);
    const [record] = await kafka.logReader().read({ topic, partition: 0, from: 0, to: 1, maxRecords: 1 });
    expect(String(record?.value)).toBe('a');
  });

  test('a wrong password is told with the settings to look at', async () => {
    const error = await wrongPassword()
      .admin()
      .clusterId()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unauthorized', retryable: true });
    expect(String(error)).toContain('passwordFile');
  });

  test('a certificate of an unknown authority is told with the setting to look at', async () => {
    const error = await connect({ tls: { ca: strangeCa } })
      .admin()
      .clusterId()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unauthorized' });
    expect(String(error)).toContain('kafka.tls.caFile');
  });

  test('TLS towards a port without it names both settings, and may be a broker that just died', async () => {
    const error = await connect({ bootstrapServers: store.bootstrapServers })
      .admin()
      .clusterId()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(String(error)).toContain('does not speak TLS');
  });

  test('a producer that is refused goes down and says why', async () => {
    const producer = wrongPassword().producer();
    const early = producer.append(message('secured', 'a')).catch((cause: unknown) => cause);
    await until(() => producer.state === 'down', 10_000);
    const error = await producer.append(message('secured', 'b')).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'unauthorized', retryable: true });
    expect(String(error)).toContain('passwordFile');
    await producer.close();
    expect(await early).toMatchObject({ code: expect.stringMatching(/closed|timeout/) });
  });

  test('a consumer that is refused ends for good and says why: its process has to read the secret again', async () => {
    const consumer = wrongPassword().consumer();
    const crashes: Error[] = [];
    consumer.onCrash((error) => crashes.push(error));
    await new Reader(consumer).start('secured', 'secured-g');
    await until(() => crashes.length === 1, 20_000);
    expect(crashes[0]).toMatchObject({ code: 'unauthorized' });
  });
});
