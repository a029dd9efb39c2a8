import { KafkaError } from '../errors.ts';
import type { Appended, OutRecord } from '../port/producer.ts';

/** To whom an outcome is told. */
export interface Answer {
  readonly settled: boolean;
  /** Settles with or after this answer. */
  readonly promise: Promise<unknown>;
  resolve(appended: Appended): void;
  reject(error: KafkaError): void;
}

/** One record between `append` and its answer. */
export interface Entry {
  readonly record: OutRecord;
  readonly bytes: number;
  /** Monotonic ms after which it fails. */
  readonly due: number;
  readonly answer: Answer;
  certain: boolean;
}

/** What waits for one partition, in order. The first `inFlight` entries are under way. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  entries: Entry[] = [];
  /** True from the start of a flight until its end, even when its entries failed meanwhile. */
  busy = false;
  /** Why the last attempt failed. */
  lastError: KafkaError | undefined;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Ends the first `count` entries successfully; returns the bytes set free. */
  succeed(taken: readonly Entry[], base: { offset: number; timestamp: number }): number {
    let freed = 0;
    let offset = base.offset;
    for (const entry of taken) {
      // A deadline may have failed the entries while their flight was under way.
      if (!entry.answer.settled) {
        freed += entry.bytes;
        const { partition } = this;
        entry.answer.resolve({ partition, offset, timestamp: base.timestamp, certain: entry.certain });
      }
      offset += 1;
    }
    this.entries = this.entries.filter((entry) => !entry.answer.settled);
    this.lastError = undefined;
    return freed;
  }

  /**
   * Fails the whole queue: the entries `isCulprit` names with `error`, everything behind them with
   * `behind-failure`, so that nothing overtakes a record that failed. Returns the bytes set free.
   */
  fail(error: KafkaError, isCulprit: (entry: Entry) => boolean): number {
    let freed = 0;
    const { entries, topic, partition } = this;
    this.entries = [];
    for (const entry of entries) {
      freed += entry.bytes;
      entry.answer.reject(isCulprit(entry) ? error : behindFailure(topic, partition, error));
    }
    return freed;
  }
}

function behindFailure(topic: string, partition: number, cause: KafkaError): KafkaError {
  return new KafkaError(
    'behind-failure',
    `record for ${topic}[${partition}] taken back because an earlier one failed (${cause.code}); append it again after that one`,
    { cause },
  );
}
