import { Deferred, until } from '@chatplatform/runtime';
import { kafkaContract } from '../contract/kafka-contract.ts';
import { message, Reader } from '../contract/reader.ts';
import type { BatchResult } from '../port/consumer.ts';
import { memoryKafka, type MemoryKafka } from './kafka.ts';

const cluster = memoryKafka();
kafkaContract('in-memory twin', { connect: () => cluster.client(), patienceMs: 2000 });

const twins: MemoryKafka[] = [];
afterEach(async () => {
  await Promise.all(twins.splice(0).map((kafka) => kafka.close()));
});

async function twin() {
  const kafka = memoryKafka();
  twins.push(kafka);
  await kafka.admin().ensureTopics([{ name: 't', partitions: 1, replicationFactor: 1 }]);
  return kafka;
}

test('a lost answer leaves two copies and an uncertain answer', async () => {
  const kafka = await twin();
  kafka.faults.lostAnswers = 1;
  const answer = await kafka.producer().append(message('t', 'a'));
  expect(answer.certain).toBe(false);
  expect(kafka.records('t').map((record) => String(record.value))).toEqual(['a', 'a']);
});

test('an evicted member keeps working but its commit is refused', async () => {
  const kafka = await twin();
  const seen: boolean[] = [];
  const consumer = kafka.consumer();
  const reader = new Reader(consumer, async (batch) => {
    await consumer.evict();
    seen.push(batch.isStale());
    return { commit: 1 };
  });
  await kafka.producer().append(message('t', 'a'));
  await reader.start('t', 'g');
  await until(() => seen.length === 1, 1000);
  await reader.stop();
  expect(seen).toEqual([true]);
  expect((await kafka.admin().groupLag('g', 't'))[0]?.committed).toBe(-1);
});

test('a member that dies in its batch while another waits to join holds nobody up', async () => {
  const kafka = await twin();
  const consumer = kafka.consumer();
  let entered = false;
  const end = new Deferred<BatchResult>();
  const first = new Reader(consumer, () => {
    entered = true;
    return end.promise;
  });
  await kafka.producer().append(message('t', 'a'));
  await first.start('t', 'g');
  await until(() => entered, 1000);
  const second = new Reader(kafka.client().consumer());
  const joined = second.start('t', 'g');
  await consumer.kill();
  await joined;
  await until(() => second.values.length === 1, 1000);
  end.resolve({ seek: 0 });
  await second.stop();
});

test('an outage delays, it loses nothing', async () => {
  const kafka = await twin();
  const reader = new Reader(kafka.consumer());
  await reader.start('t', 'g');
  kafka.faults.outage = true;
  const answer = kafka.producer().append(message('t', 'a'));
  await expect(kafka.admin().partitionCount('t')).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
  kafka.faults.outage = false;
  expect((await answer).offset).toBe(0);
  await until(() => reader.values.length === 1, 1000);
  await reader.stop();
});

test('what retention removed is out of range, and the bounds say so', async () => {
  const kafka = await twin();
  const producer = kafka.producer();
  for (const value of ['a', 'b', 'c']) await producer.append(message('t', value));
  kafka.trim('t', 0, 2);
  const reader = kafka.logReader();
  expect(await reader.bounds('t', 0)).toEqual({ begin: 2, end: 3 });
  const range = { topic: 't', partition: 0, to: 3, maxRecords: 9 };
  expect(await reader.read({ ...range, from: 2 })).toHaveLength(1);
  await expect(reader.read({ ...range, from: 1 })).rejects.toMatchObject({ code: 'out-of-range' });
});
