import type { Random } from '@chatplatform/runtime';
import type { Admin, Consumer, Kafka as KafkaJs, KafkaMessage } from 'kafkajs';
import type { ControlRecord } from '../control/epoch.ts';
import { KafkaError } from '../errors.ts';

/** Longest read of a small topic, ms: joining a group takes up to 3 s by the broker's default. */
const READ_TIMEOUT_MS = 15_000;

interface Deps {
  readonly client: KafkaJs;
  readonly admin: Admin;
  readonly random: Random;
}

/** Reads all of partition 0 of a small topic, oldest first, through a group of its own that it removes again. */
export async function readWholeTopic(topic: string, deps: Deps): Promise<ControlRecord[]> {
  const offsets = await deps.admin.fetchTopicOffsets(topic);
  const first = offsets.find(({ partition }) => partition === 0);
  const end = Number(first?.high ?? 0);
  if (end <= Number(first?.low ?? 0)) return [];
  const groupId = `${topic}.reader-${deps.random.id(16)}`;
  const consumer = deps.client.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 100 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    return await collect(consumer, topic, end);
  } finally {
    await consumer.disconnect().catch(() => undefined);
    // Left behind it would only be an empty group that the broker removes later.
    await deps.admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

function collect(consumer: Consumer, topic: string, end: number): Promise<ControlRecord[]> {
  const records: ControlRecord[] = [];
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(
        new KafkaError('timeout', `reading ${topic} up to offset ${end} took over ${READ_TIMEOUT_MS} ms`),
      );
    }, READ_TIMEOUT_MS);
    const settle = (act: () => void): void => {
      clearTimeout(late);
      act();
    };
    consumer.on(consumer.events.CRASH, ({ payload }) => settle(() => reject(payload.error)));
    consumer
      .run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          if (batch.partition === 0) records.push(...batch.messages.map(toControlRecord));
          if (batch.partition === 0 && Number(batch.lastOffset()) >= end - 1) settle(() => resolve(records));
          return Promise.resolve();
        },
      })
      .catch((error: unknown) => settle(() => reject(error)));
  });
}

function toControlRecord(message: KafkaMessage): ControlRecord {
  return { key: message.key?.toString() ?? '', value: message.value?.toString() ?? null };
}
