import * as fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import FetchResponse, {
  type FetchAnswer,
  type FetchedPart,
} from 'kafkajs/src/protocol/requests/fetch/v11/response.js';
import type { OutRecord } from '../port/producer.ts';
import { decodeFetch } from './fetch-response.ts';
import { encodeProduce } from './produce-request.ts';
import { toRecords } from './records.ts';

const LOG_APPEND_TIME = 0x8;
const GZIP = 0x1;
const CONTROL = 0x20;

interface Written {
  readonly baseOffset: number;
  readonly attributes: number;
  readonly maxTime: number;
  readonly records: readonly OutRecord[];
}

/** A batch as a broker stores it: with its offset, its kind of time, and the time of its append. */
function stored({ baseOffset, attributes, maxTime, records }: Written): Buffer {
  const request = encodeProduce([{ topic: 't', partition: 0, records }], {
    acks: -1,
    timeoutMs: 1,
    now: 1e12,
  });
  // Behind transactional id, acks, timeout, one topic of one letter, and one partition with its size.
  const batch = Buffer.from(request.subarray(2 + 2 + 4 + 4 + 3 + 4 + 4 + 4));
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt16BE(attributes, 21);
  batch.writeBigInt64BE(BigInt(maxTime), 35);
  return batch;
}

function answerOf(parts: readonly Buffer[]): Buffer {
  const int64 = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt(value));
    return bytes;
  };
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const head = [int32(0), Buffer.alloc(2), int32(7), int32(1), Buffer.from([0, 1]), Buffer.from('t')];
  const partitions = parts.flatMap((batches, partition) => [
    ...[int32(partition), Buffer.alloc(2), int64(5_000_000_000), int64(-1), int64(0), int32(-1), int32(-1)],
    ...[int32(batches.length), batches],
  ]);
  return Buffer.concat([...head, int32(parts.length), ...partitions]);
}

function readable({ responses, ...head }: FetchAnswer): unknown {
  const partOf = ({ messages, ...part }: FetchedPart): unknown => ({
    ...part,
    records: toRecords({ partition: part.partition, messages: messages as unknown as KafkaMessage[] }),
  });
  return { ...head, responses: responses.map(({ partitions }) => partitions.map(partOf)) };
}

const text = fc.string({ unit: 'binary', maxLength: 100 });
/** kafkajs takes what every object has (`valueOf`) for an earlier header of that name. */
const headerName = text.filter((name) => !(name in {}));
const record: fc.Arbitrary<OutRecord> = fc.record({
  topic: fc.constant('t'),
  partition: fc.constant(0),
  key: fc.option(text),
  value: fc.option(text),
  headers: fc.dictionary(headerName, text, { maxKeys: 4 }),
});
const batch = (attributes: fc.Arbitrary<number>): fc.Arbitrary<Buffer> =>
  fc
    .record({
      baseOffset: fc.integer({ min: 0, max: 2 ** 40 }),
      attributes,
      maxTime: fc.integer({ min: 0, max: 2 ** 41 }),
      records: fc.array(record, { minLength: 1, maxLength: 20 }),
    })
    .map(stored);

test('property: an answer of plain batches is read as kafkajs reads it, also where it is cut off', async () => {
  const batches = fc.array(batch(fc.constantFrom(0, LOG_APPEND_TIME)), { maxLength: 3 });
  const part = fc.tuple(batches, fc.constantFrom(1, 0.9, 0.5)).map(([whole, share]) => {
    const bytes = Buffer.concat(whole);
    return bytes.subarray(0, Math.floor(bytes.length * share));
  });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 3 }), async (parts) => {
      const answer = answerOf(parts);
      const own = decodeFetch(answer) as FetchAnswer;
      expect(readable(own)).toEqual(readable(await FetchResponse.decode(answer)));
    }),
    { numRuns: 150 },
  );
});

test('a header may have any name, also one that every object has', () => {
  const headers = Object.fromEntries([
    ['valueOf', 'a'],
    ['__proto__', 'b'],
  ] as const);
  const records = [{ topic: 't', partition: 0, key: null, value: null, headers }];
  const bytes = stored({ baseOffset: 0, attributes: 0, maxTime: 0, records });
  const { responses } = decodeFetch(answerOf([bytes])) as FetchAnswer;
  const [message] = responses[0]?.partitions[0]?.messages ?? [];
  expect(Object.entries(message?.headers ?? {})).toEqual([
    ['valueOf', 'a'],
    ['__proto__', 'b'],
  ]);
});

test('compressed batches and records of the brokers are left to kafkajs', () => {
  fc.assert(
    fc.property(batch(fc.constantFrom(GZIP, CONTROL)), (bytes) => {
      expect(decodeFetch(answerOf([bytes]))).toBeUndefined();
    }),
    { numRuns: 20 },
  );
});
