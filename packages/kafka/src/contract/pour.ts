import { until } from '@chatplatform/runtime';
import type { RecordProducer, Appended } from '../port/producer.ts';
import { message, type Reader } from './reader.ts';

/** One record that was appended, and what its sender was told. */
export interface Sent {
  readonly value: number;
  readonly partition: number;
  answer?: Appended;
  error?: string;
}

/** Records that go on being appended. */
export interface Pouring {
  readonly sent: readonly Sent[];
  acknowledged(from?: number): number;
  /** Stops, and waits until every sender was told something. */
  stop(): Promise<void>;
}

/** Appended at one moment. */
const AT_ONCE = 5;

/** Appends rising numbers to partitions in turn, some every `gapMs`, and notes every answer. */
export function pour(
  producer: RecordProducer,
  to: { topic: string; partitions: number; gapMs: number },
): Pouring {
  const sent: Sent[] = [];
  const timer = setInterval(() => {
    for (let copies = 0; copies < AT_ONCE; copies += 1) {
      const entry: Sent = { value: sent.length, partition: sent.length % to.partitions };
      sent.push(entry);
      producer.append(message(to.topic, String(entry.value), entry.partition)).then(
        (answer) => (entry.answer = answer),
        (error: { code: string }) => (entry.error = error.code),
      );
    }
  }, to.gapMs);
  return {
    sent,
    acknowledged: (from = 0) => sent.slice(from).filter(({ answer }) => answer !== undefined).length,
    stop: async () => {
      clearInterval(timer);
      await producer.flush(20_000);
    },
  };
}

/** The log's values by partition, once the reader has everything that was acknowledged. */
export async function logOf(reader: Reader, sent: readonly Sent[]): Promise<Map<number, number[]>> {
  const acked = sent.filter((entry) => entry.answer !== undefined);
  await until(() => {
    const seen = new Set(reader.values);
    return acked.every((entry) => seen.has(String(entry.value)));
  }, 30_000);
  return new Map(Array.from(reader.byPartition, ([partition, values]) => [partition, values.map(Number)]));
}

/** Whatever was written twice: the first copies stand in the order of the calls. */
export function expectOrderedFirstCopies(log: ReadonlyMap<number, readonly number[]>): void {
  for (const values of log.values()) {
    const firsts = [...new Set(values)];
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
  }
}

/** Whoever was told "exactly there" must find it so. */
export function expectTrueAnswers(sent: readonly Sent[], reader: Reader): void {
  const at = new Map(
    reader.records.map((record) => [`${record.partition}/${record.offset}`, String(record.value)]),
  );
  for (const { value, answer } of sent) {
    if (answer === undefined) continue;
    expect(at.get(`${answer.partition}/${answer.offset}`)).toBe(String(value));
  }
}

/** Every failure a sender was told of is one after which it may try again. */
export function expectOnlyPassingErrors(sent: readonly Sent[]): void {
  for (const error of new Set(sent.flatMap((entry) => entry.error ?? [])))
    expect(['timeout', 'unavailable', 'behind-failure']).toContain(error);
}
