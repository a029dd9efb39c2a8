import { until } from '@chatplatform/runtime';
import type { BatchResult } from '../port/consumer.ts';
import type { Kafka } from '../port/kafka.ts';
import { Rewinds } from '../port/rewinds.ts';
import type { ConsumerTestDeps } from './contract-subject.ts';
import { last, message, Reader } from './reader.ts';

/** What the port promises of readings that are moved from outside of a batch. */
export function rewindTests(kafka: () => Kafka, { freshTopic, subject }: ConsumerTestDeps): void {
  const produce = async (topic: string, values: readonly string[], partition = 0): Promise<void> => {
    const producer = kafka().producer();
    await Promise.all(values.map((value) => producer.append(message(topic, value, partition))));
    await producer.close();
  };
  const eventually = (check: () => boolean): Promise<true> => until(check, subject.patienceMs);
  const eventuallyCommitted = async (group: string, topic: string, offsets: number[]): Promise<void> => {
    const end = Date.now() + subject.patienceMs;
    for (;;) {
      const found = (await kafka().admin().groupLag(group, topic)).map(({ committed }) => committed);
      if (JSON.stringify(found) === JSON.stringify(offsets)) return;
      if (Date.now() > end) throw new Error(`committed ${found.join()}, not ${offsets.join()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  test('a rewind has a quiet partition read again, commits nothing, and moves no other', async () => {
    const topic = await freshTopic(2);
    const groupId = `${topic}-g`;
    await produce(topic, ['a', 'b', 'c']);
    await produce(topic, ['x', 'y'], 1);
    const rewinds = new Rewinds();
    const reader = new Reader(kafka().consumer(), (batch) =>
      last(batch).offset + 1 > (batch.committed ?? 0)
        ? { commit: last(batch).offset + 1 }
        : { seek: last(batch).offset + 1 },
    );
    await reader.start(topic, groupId, rewinds);
    await eventually(() => reader.values.length === 5);
    await eventuallyCommitted(groupId, topic, [3, 2]);
    rewinds.request({ topic, partition: 0, offset: 1 });
    await eventually(() => reader.values.length === 7);
    await produce(topic, ['d']);
    await eventually(() => reader.values.length === 8);
    await reader.stop();
    expect(reader.byPartition.get(0)).toEqual(['a', 'b', 'c', 'b', 'c', 'd']);
    expect(reader.byPartition.get(1)).toEqual(['x', 'y']);
    await eventuallyCommitted(groupId, topic, [4, 2]);
  });

  test('a rewind during a batch counts when the batch is done, whatever it answers', async () => {
    const topic = await freshTopic();
    await produce(topic, ['a', 'b', 'c']);
    const rewinds = new Rewinds();
    const answers: ((next: number) => BatchResult)[] = [
      (next) => ({ commit: next }),
      (next) => ({ seek: next }),
      (next) => ({ commit: next }),
    ];
    const reader = new Reader(kafka().consumer(), (batch) => {
      const next = last(batch).offset + 1;
      if (next < 3) return { commit: next };
      const answer = answers.shift();
      if (answers.length > 0) rewinds.request({ topic, partition: 0, offset: 1 });
      return answer?.(next) ?? { commit: next };
    });
    await reader.start(topic, `${topic}-g`, rewinds);
    await eventually(() => reader.values.filter((value) => value === 'c').length === 3);
    await reader.stop();
    expect(reader.values.slice(-4)).toEqual(['b', 'c', 'b', 'c']);
  });

  test('a rewind of a partition that is not assigned has no effect', async () => {
    const topic = await freshTopic();
    const rewinds = new Rewinds();
    rewinds.request({ topic, partition: 0, offset: 0 });
    const reader = new Reader(kafka().consumer());
    await reader.start(topic, `${topic}-g`, rewinds);
    await eventually(() => reader.assigned.size === 1);
    rewinds.request({ topic, partition: 7, offset: 0 });
    await produce(topic, ['a']);
    await eventually(() => reader.values.length === 1);
    await reader.stop();
    rewinds.request({ topic, partition: 0, offset: 0 });
    expect(reader.values).toEqual(['a']);
  });
}
