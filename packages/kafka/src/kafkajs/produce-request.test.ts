import * as fc from 'fast-check';
import kafkajsProduce from 'kafkajs/src/protocol/requests/produce/v7/request.js';
import kafkajsCrc32c from 'kafkajs/src/protocol/recordBatch/crc32C/crc32C.js';
import type { OutRecord } from '../port/producer.ts';
import { crc32c } from './crc32c.ts';
import { encodeProduce } from './produce-request.ts';

const HEAD = { acks: -1, timeoutMs: 4000, now: 1_790_000_000_123 };

/** What kafkajs itself writes of the same records. */
async function byKafkajs(records: readonly OutRecord[]): Promise<Buffer> {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const topicData = topics.map((topic) => ({
    topic,
    partitions: [...new Set(records.filter((record) => record.topic === topic).map((r) => r.partition))].map(
      (partition) => ({
        partition,
        firstSequence: 0,
        messages: records
          .filter((record) => record.topic === topic && record.partition === partition)
          .map(({ key, value, headers = {} }) => ({ key, value, headers, timestamp: HEAD.now })),
      }),
    ),
  }));
  const { acks, timeoutMs: timeout } = HEAD;
  return (await kafkajsProduce({ acks, timeout, topicData }).encode()).buffer;
}

function slicesOf(records: readonly OutRecord[]): Parameters<typeof encodeProduce>[0] {
  const slices = new Map<string, { topic: string; partition: number; records: OutRecord[] }>();
  for (const record of records) {
    const { topic, partition } = record;
    const slice = slices.get(`${topic}/${partition}`) ?? { topic, partition, records: [] };
    slices.set(`${topic}/${partition}`, slice);
    slice.records.push(record);
  }
  return [...slices.values()];
}

const text = fc.string({ unit: 'binary', maxLength: 300 });

test('property: writes what kafkajs writes, byte for byte', async () => {
  const record: fc.Arbitrary<OutRecord> = fc.record({
    topic: fc.constantFrom('ns.a.messages', 'événements'),
    partition: fc.integer({ min: 0, max: 2 }),
    key: fc.option(text),
    value: fc.oneof(
      fc.option(text),
      fc.uint8Array({ maxLength: 9_000 }).map((bytes) => Buffer.from(bytes)),
    ),
    headers: fc.dictionary(text, text, { maxKeys: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 80 }), async (records) => {
      const own = encodeProduce(slicesOf(records), HEAD);
      expect(own.equals(await byKafkajs(records))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('property: the checksum is that of kafkajs, of any part of a buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(40), (bytes, skip) => {
      const from = Math.min(skip, bytes.length);
      expect(crc32c(bytes, from, bytes.length)).toBe(kafkajsCrc32c(bytes.subarray(from)));
    }),
  );
});
