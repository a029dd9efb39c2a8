import type { InRecord } from './consumer.ts';

/** A piece of one partition. */
export interface LogRange {
  readonly topic: string;
  readonly partition: number;
  /** First offset wanted. */
  readonly from: number;
  /** Offset behind the last one wanted. */
  readonly to: number;
  /** Bounds the answer; at least 1. */
  readonly maxRecords: number;
  /** Ends the reading between two requests; the call then rejects with `closed`. */
  readonly signal?: AbortSignal;
}

/** What a partition holds. */
export interface LogBounds {
  /** First offset still in the log. */
  readonly begin: number;
  /** Offset the next record will get. */
  readonly end: number;
}

/**
 * Reads pieces of the log anywhere, without a group and without commits. One per process: its connections live as
 * long as the client, so that a short read costs one round trip.
 */
export interface LogReader {
  /**
   * The records of a range in order. Fewer than `maxRecords` come only when the range, or the log, ends there.
   *
   * Rejects with a {@link KafkaError}: `out-of-range` when `from` is not in the log any more (or not yet: it lies
   * behind the end), `unknown-topic`, `unavailable`, `closed`. Bounded by the request timeouts of the driver.
   */
  read(range: LogRange): Promise<InRecord[]>;
  /** Where the partition begins and ends now. Rejects like {@link LogReader.read}. */
  bounds(topic: string, partition: number): Promise<LogBounds>;
}
