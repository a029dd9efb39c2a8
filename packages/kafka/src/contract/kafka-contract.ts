import { Deferred, until } from '@chatplatform/runtime';
import { currentEpoch } from '../control/epoch.ts';
import type { Kafka } from '../port/kafka.ts';
import type { OutRecord } from '../port/producer.ts';
import type { ConsumerTestDeps, ContractSubject, FreshTopic } from './contract-subject.ts';
import { logReaderTests } from './log-reader-contract.ts';
import { last, message, readAll, Reader } from './reader.ts';
import { rewindTests } from './rewind-contract.ts';

let names = 0;

/** The promises of the Kafka port. Every driver and the in-memory twin pass it. */
export function kafkaContract(name: string, subject: ContractSubject): void {
  describe(`Kafka contract: ${name}`, () => {
    let kafka: Kafka;
    beforeAll(() => {
      kafka = subject.connect();
    });
    afterAll(() => kafka.close());

    const freshTopic = async (partitions = 1, config: Record<string, string> = {}): Promise<string> => {
      names += 1;
      const topic = `contract-${process.pid}-${names}`;
      const settings = { 'message.timestamp.type': 'LogAppendTime', ...config };
      await kafka.admin().ensureTopics([{ name: topic, partitions, replicationFactor: 1, config: settings }]);
      return topic;
    };

    describe('topics and control', () => topicTests(() => kafka, freshTopic));
    describe('producer', () => producerTests(() => kafka, freshTopic));
    describe('consumer', () => consumerTests(() => kafka, { freshTopic, subject }));
    describe('rewinds', () => rewindTests(() => kafka, { freshTopic, subject }));
    describe('log reader', () => logReaderTests(() => kafka, freshTopic));
  });
}

function topicTests(kafka: () => Kafka, freshTopic: FreshTopic): void {
  test('ensureTopics creates, then finds, then configures, and never changes a partition count', async () => {
    const admin = kafka().admin();
    names += 1;
    const spec = {
      name: `contract-${process.pid}-t${names}`,
      partitions: 2,
      replicationFactor: 1,
      config: { 'retention.ms': '600000' },
    };
    expect(await admin.ensureTopics([spec])).toMatchObject([{ outcome: 'created', partitions: 2 }]);
    expect(await admin.ensureTopics([spec])).toMatchObject([{ outcome: 'present' }]);
    const changed = { ...spec, config: { 'retention.ms': '700000' } };
    expect(await admin.ensureTopics([changed])).toMatchObject([{ outcome: 'configured' }]);
    expect(await admin.describeTopics([spec.name])).toMatchObject([{ config: { 'retention.ms': '700000' } }]);
    const [wrong] = await admin.ensureTopics([{ ...spec, partitions: 3 }]);
    expect(wrong).toMatchObject({ outcome: 'wrong', partitions: 2 });
    expect(wrong?.problem).toContain('2 partitions, not 3');
    await admin.deleteTopics([spec.name]);
    expect(await admin.describeTopics([spec.name])).toMatchObject([{ outcome: 'absent', partitions: 0 }]);
  });

  test('a setting of the topic that is not in the specification survives a change', async () => {
    const admin = kafka().admin();
    const topic = await freshTopic(1, { 'segment.bytes': '1048576' });
    const spec = { name: topic, partitions: 1, replicationFactor: 1, config: { 'retention.ms': '600000' } };
    await admin.ensureTopics([spec]);
    const [state] = await admin.describeTopics([topic]);
    expect(state?.config).toMatchObject({ 'segment.bytes': '1048576', 'retention.ms': '600000' });
  });

  test('partitionCount names a topic that does not exist', async () => {
    await expect(kafka().admin().partitionCount('contract-absent')).rejects.toMatchObject({
      code: 'unknown-topic',
    });
  });

  test('all callers of ensureEpoch at one moment get the same epoch, and it stays', async () => {
    const topic = await freshTopic(1, { 'cleanup.policy': 'compact' });
    const admin = kafka().admin();
    const epochs = await Promise.all([
      admin.ensureEpoch(topic),
      admin.ensureEpoch(topic),
      admin.ensureEpoch(topic),
    ]);
    expect(new Set(epochs).size).toBe(1);
    expect(epochs[0]).toMatch(/^[0-9a-z]{6}$/);
    expect(await admin.ensureEpoch(topic)).toBe(epochs[0]);
    const control = await admin.readControl(topic);
    expect(JSON.parse(control['epoch'] ?? '')).toMatchObject({ epoch: epochs[0] });
  });

  test('a log that is lost gets another epoch, the same for all who say so, and it stays', async () => {
    const topic = await freshTopic(1, { 'cleanup.policy': 'compact' });
    const admin = kafka().admin();
    const first = await admin.ensureEpoch(topic);
    expect(await currentEpoch(kafka().logReader(), topic)).toBe(first);
    const next = await Promise.all([
      admin.ensureEpoch(topic, first),
      admin.ensureEpoch(topic, first),
      admin.ensureEpoch(topic, first),
    ]);
    expect(new Set(next).size).toBe(1);
    expect(next[0]).not.toBe(first);
    expect(await admin.ensureEpoch(topic)).toBe(next[0]);
    expect(await admin.ensureEpoch(topic, first)).toBe(next[0]);
    expect(await currentEpoch(kafka().logReader(), topic)).toBe(next[0]);
    const control = await admin.readControl(topic);
    expect(JSON.parse(control['epoch'] ?? '')).toMatchObject({ epoch: next[0], generation: 1 });
  });

  test('offsetAt finds the first record of a time, and the end when there is none', async () => {
    const topic = await freshTopic();
    const producer = kafka().producer();
    const first = await producer.append(message(topic, 'a'));
    await new Promise((resolve) => setTimeout(resolve, 15));
    const second = await producer.append(message(topic, 'b'));
    const admin = kafka().admin();
    expect(await admin.offsetAt(topic, 0, first.timestamp)).toBe(0);
    expect(await admin.offsetAt(topic, 0, first.timestamp + 1)).toBe(1);
    expect(await admin.offsetAt(topic, 0, second.timestamp + 60_000)).toBe(2);
  });
}

function producerTests(kafka: () => Kafka, freshTopic: FreshTopic): void {
  test('concurrent appends stand in each partition in the order of the calls, with their true offsets', async () => {
    const topic = await freshTopic(3);
    const producer = kafka().producer();
    const before = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 1500 }, (_, n) => producer.append(message(topic, String(n), n % 3))),
    );
    answers.forEach(({ partition, offset, certain, timestamp }, n) => {
      expect({ partition, offset, certain }).toEqual({
        partition: n % 3,
        offset: Math.floor(n / 3),
        certain: true,
      });
      expect(Math.abs(timestamp - before)).toBeLessThan(60_000);
    });
    const read = await readAll(kafka(), topic, 1500);
    for (const partition of [0, 1, 2]) {
      const values = read
        .filter((record) => record.partition === partition)
        .map((record) => Number(record.value));
      expect(values).toEqual(Array.from({ length: 500 }, (_, n) => n * 3 + partition));
    }
  });

  test('key, value, headers and tombstones arrive as they were sent', async () => {
    const topic = await freshTopic();
    const producer = kafka().producer();
    const sent: OutRecord = {
      topic,
      partition: 0,
      key: 'team:42',
      value: '{"d":"é"}',
      headers: { v: '1', u: 'ann' },
    };
    await producer.append(sent);
    await producer.append({ topic, partition: 0, key: 'gone', value: null });
    const [first, second] = await readAll(kafka(), topic, 2);
    expect(first).toMatchObject({ key: 'team:42', headers: { v: '1', u: 'ann' }, offset: 0 });
    expect(first?.value?.toString()).toBe('{"d":"é"}');
    expect(second).toMatchObject({ key: 'gone', value: null });
  });

  test('a record for a topic that does not exist fails with its name after the deadline', async () => {
    const producer = kafka().producer({ deadlineMs: 1500 });
    await expect(producer.append(message('contract-absent', 'a'))).rejects.toMatchObject({
      code: 'unknown-topic',
    });
    expect(producer.state).toBe('up');
  });

  test('flush waits for everything appended, close refuses more', async () => {
    const topic = await freshTopic();
    const producer = kafka().producer();
    let written = 0;
    for (let n = 0; n < 50; n += 1)
      void producer.append(message(topic, String(n))).then(() => (written += 1));
    await producer.flush(5000);
    expect(written).toBe(50);
    await producer.close();
    await expect(producer.append(message(topic, 'late'))).rejects.toMatchObject({ code: 'closed' });
  });
}

function consumerTests(kafka: () => Kafka, { freshTopic, subject }: ConsumerTestDeps): void {
  const produce = async (topic: string, values: readonly string[], partition = 0): Promise<void> => {
    const producer = kafka().producer();
    await Promise.all(values.map((value) => producer.append(message(topic, value, partition))));
    await producer.close();
  };
  const eventually = (check: () => boolean): Promise<true> => until(check, subject.patienceMs);

  test('reads from the beginning in order; lag falls to zero by commits', async () => {
    const topic = await freshTopic();
    const groupId = `${topic}-g`;
    await produce(topic, ['a', 'b', 'c']);
    const admin = kafka().admin();
    expect(await admin.groupLag(groupId, topic)).toMatchObject([{ committed: -1, lag: 3 }]);
    const reader = new Reader(kafka().consumer());
    await reader.start(topic, groupId);
    await eventually(() => reader.values.length === 3);
    await reader.stop();
    expect(reader.values).toEqual(['a', 'b', 'c']);
    expect(await admin.groupLag(groupId, topic)).toEqual([
      { partition: 0, begin: 0, end: 3, committed: 3, lag: 0 },
    ]);
  });

  test('a successor continues at the commit and knows that it is the first after an assignment', async () => {
    const topic = await freshTopic();
    const groupId = `${topic}-g`;
    await produce(topic, ['a', 'b']);
    const first = new Reader(kafka().consumer());
    await first.start(topic, groupId);
    await eventually(() => first.values.length === 2);
    await first.stop();
    await produce(topic, ['c']);
    const second = new Reader(kafka().consumer());
    await second.start(topic, groupId);
    await eventually(() => second.values.length === 1);
    await produce(topic, ['d']);
    await eventually(() => second.values.length === 2);
    await second.stop();
    expect(first.batches[0]).toMatchObject({ firstAfterAssignment: true, committed: undefined });
    expect(second.values).toEqual(['c', 'd']);
    expect(second.batches[0]).toMatchObject({ firstAfterAssignment: true, committed: 2 });
    expect(second.batches.at(-1)).toMatchObject({ firstAfterAssignment: false, committed: 3 });
  });

  test('seek commits nothing and reads again from there, also before the first commit', async () => {
    const topic = await freshTopic();
    const groupId = `${topic}-g`;
    await produce(topic, ['a', 'b', 'c', 'd']);
    let sought = false;
    const reader = new Reader(kafka().consumer(), (batch) => {
      if (sought || last(batch).offset < 3) return { commit: last(batch).offset + 1 };
      sought = true;
      return { seek: 1 };
    });
    await reader.start(topic, groupId);
    await eventually(() => reader.values.filter((value) => value === 'd').length === 2);
    await reader.stop();
    expect(reader.values.slice(-3)).toEqual(['b', 'c', 'd']);
  });

  test('a partial commit reads on from there', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a', 'b', 'c']);
    const reader = new Reader(kafka().consumer(), (batch) => ({
      commit: (batch.records[0]?.offset ?? 0) + 1,
    }));
    await reader.start(topic, `${topic}-g`);
    await eventually(() => reader.starts.includes(2));
    await reader.stop();
    expect(reader.starts).toEqual([0, 1, 2]);
  });

  test('a rejection skips nothing', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a', 'b']);
    let failures = 1;
    const reader = new Reader(kafka().consumer(), (batch) => {
      if (failures-- > 0) throw new Error('cannot');
      return { commit: last(batch).offset + 1 };
    });
    await reader.start(topic, `${topic}-g`);
    await eventually(
      () => reader.starts.filter((start) => start === 0).length >= 2 && reader.values.at(-1) === 'b',
    );
    await reader.stop();
    expect((await kafka().admin().groupLag(`${topic}-g`, topic))[0]?.committed).toBe(2);
  });

  test('stop finishes the batch under way and commits it', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a']);
    const entered = new Deferred();
    const reader = new Reader(kafka().consumer(), async (batch) => {
      entered.resolve();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return { commit: last(batch).offset + 1 };
    });
    await reader.start(topic, `${topic}-g`);
    await entered.promise;
    await reader.stop();
    expect((await kafka().admin().groupLag(`${topic}-g`, topic))[0]?.committed).toBe(1);
  });

  test('a second member takes over partitions; nothing is lost and each partition stays in order', async () => {
    const topic = await freshTopic(4);
    const groupId = `${topic}-g`;
    const [one, two] = [subject.connect(), subject.connect()];
    const readers = [new Reader(one.consumer()), new Reader(two.consumer())] as const;
    const producer = kafka().producer();
    const send = (from: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 100 }, (_, n) => producer.append(message(topic, String(from + n), n % 4))),
      );
    await readers[0].start(topic, groupId);
    await send(0);
    await readers[1].start(topic, groupId);
    await send(100);
    await eventually(() => readers.every((reader) => reader.assigned.size === 2));
    await send(200);
    const all = (): Set<string> => new Set(readers.flatMap((reader) => reader.values));
    await eventually(() => all().size === 300);
    for (const reader of readers) {
      for (const values of reader.byPartition.values()) {
        const firsts = [...new Set(values)].map(Number);
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      }
      expect(reader.overlaps).toBe(0);
    }
    await Promise.all([one.close(), two.close()]);
  });

  test('shows life while idle', async () => {
    const topic = await freshTopic();
    const reader = new Reader(kafka().consumer());
    await reader.start(topic, `${topic}-g`);
    await eventually(() => reader.assigned.size === 1);
    const seen = reader.consumer.lastActivity();
    await eventually(() => reader.consumer.lastActivity() > seen);
    await reader.stop();
  });
}
