import { KafkaError } from '../errors.ts';
import type { Kafka } from '../port/kafka.ts';
import type { FreshTopic } from './contract-subject.ts';
import { message } from './reader.ts';

/** More than one fetch of any driver brings. */
const LARGE = { records: 40, bytes: 100_000 } as const;

/** What the port promises of reading pieces of the log. */
export function logReaderTests(kafka: () => Kafka, freshTopic: FreshTopic): void {
  const produce = async (topic: string, values: readonly string[], partition = 0): Promise<void> => {
    const producer = kafka().producer();
    await Promise.all(values.map((value) => producer.append(message(topic, value, partition))));
    await producer.close();
  };
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: unknown) => (error instanceof KafkaError ? error.code : String(error)),
    );

  test('a range is read in order, from any offset, and of its partition only', async () => {
    const topic = await freshTopic(2);
    await produce(topic, ['x', 'y', 'z'], 0);
    await produce(topic, ['a', 'b', 'c', 'd', 'e'], 1);
    const reader = kafka().logReader();
    const read = async (from: number, to: number, maxRecords = 100): Promise<string[]> => {
      const records = await reader.read({ topic, partition: 1, from, to, maxRecords });
      expect(records.map(({ partition }) => partition)).toEqual(records.map(() => 1));
      return records.map(({ offset, value }) => `${offset}${String(value)}`);
    };
    expect(await read(0, 5)).toEqual(['0a', '1b', '2c', '3d', '4e']);
    expect(await read(3, 5)).toEqual(['3d', '4e']);
    expect(await read(1, 3)).toEqual(['1b', '2c']);
    expect(await read(1, 5, 2)).toEqual(['1b', '2c']);
    expect(await read(2, 2)).toEqual([]);
  });

  test('a record is as a consumer gets it', async () => {
    const topic = await freshTopic();
    const producer = kafka().producer();
    const { timestamp } = await producer.append({
      topic,
      partition: 0,
      key: 'room',
      value: '{"d":1}',
      headers: { v: '1', u: 'ann' },
    });
    await producer.append({ topic, partition: 0, key: null, value: null });
    await producer.close();
    const records = await kafka().logReader().read({ topic, partition: 0, from: 0, to: 2, maxRecords: 9 });
    expect(records[0]).toMatchObject({ key: 'room', timestamp, headers: { v: '1', u: 'ann' } });
    expect(String(records[0]?.value)).toBe('{"d":1}');
    expect(records[1]).toMatchObject({ key: null, value: null, headers: {} });
  });

  test('what does not fit into one answer of a broker is read on until the range ends', async () => {
    const topic = await freshTopic();
    const values = Array.from({ length: LARGE.records }, (_, n) => `${n}:`.padEnd(LARGE.bytes, '.'));
    await produce(topic, values);
    const records = await kafka()
      .logReader()
      .read({ topic, partition: 0, from: 1, to: LARGE.records - 1, maxRecords: 1000 });
    expect(records.map(({ offset }) => offset)).toEqual(
      Array.from({ length: LARGE.records - 2 }, (_, n) => n + 1),
    );
    expect(records.every(({ offset, value }) => value?.toString() === values[offset])).toBe(true);
  });

  test('pieces follow each other through a whole partition, each no larger than a request', async () => {
    const topic = await freshTopic();
    const values = Array.from({ length: LARGE.records }, (_, n) => `${n}:`.padEnd(LARGE.bytes, '.'));
    await produce(topic, values);
    const reader = kafka().logReader();
    const read: string[] = [];
    let offset = 3;
    for (let last = -1; offset !== last; ) {
      last = offset;
      const { records, next } = await reader.piece({ topic, partition: 0, offset });
      expect(records.map((record) => record.offset)).toEqual(records.map((_, at) => offset + at));
      for (const { value } of records) read.push(String(value));
      offset = next;
    }
    expect(offset).toBe(LARGE.records);
    expect(read).toEqual(values.slice(3));
    expect(await codeOf(reader.piece({ topic, partition: 0, offset: LARGE.records + 1 }))).toBe(
      'out-of-range',
    );
  });

  test('a range that goes beyond the end of the log ends there', async () => {
    const topic = await freshTopic();
    const reader = kafka().logReader();
    expect(await reader.read({ topic, partition: 0, from: 0, to: 10, maxRecords: 10 })).toEqual([]);
    await produce(topic, ['a', 'b']);
    const records = await reader.read({ topic, partition: 0, from: 1, to: 1000, maxRecords: 1000 });
    expect(records.map(({ value }) => String(value))).toEqual(['b']);
    expect(await reader.read({ topic, partition: 0, from: 2, to: 1000, maxRecords: 10 })).toEqual([]);
  });

  test('an offset behind the end of the log is out of range, and a topic that does not exist is unknown', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a']);
    const reader = kafka().logReader();
    const at = { partition: 0, from: 5, to: 9, maxRecords: 9 };
    expect(await codeOf(reader.read({ topic, ...at }))).toBe('out-of-range');
    expect(await codeOf(reader.read({ topic: `${topic}-absent`, ...at }))).toBe('unknown-topic');
    expect(await codeOf(reader.bounds(`${topic}-absent`, 0))).toBe('unknown-topic');
  });

  test('bounds say where the log begins and ends', async () => {
    const topic = await freshTopic();
    const reader = kafka().logReader();
    expect(await reader.bounds(topic, 0)).toEqual({ begin: 0, end: 0 });
    await produce(topic, ['a', 'b', 'c']);
    expect(await reader.bounds(topic, 0)).toEqual({ begin: 0, end: 3 });
  });

  test('many reads at once each get their own range', async () => {
    const topic = await freshTopic(3);
    const values = Array.from({ length: 50 }, (_, n) => String(n));
    await Promise.all([0, 1, 2].map((partition) => produce(topic, values, partition)));
    const reader = kafka().logReader();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, from) =>
        reader.read({ topic, partition: from % 3, from, to: from + 3, maxRecords: 10 }),
      ),
    );
    answers.forEach((records, from) => {
      expect(records.map(({ offset, partition }) => ({ offset, partition }))).toEqual(
        [from, from + 1, from + 2].map((offset) => ({ offset, partition: from % 3 })),
      );
    });
  });

  test('an ended reading rejects', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a']);
    const signal = AbortSignal.abort();
    const range = { topic, partition: 0, from: 0, to: 1, maxRecords: 1, signal };
    expect(await codeOf(kafka().logReader().read(range))).toBe('closed');
  });
}
