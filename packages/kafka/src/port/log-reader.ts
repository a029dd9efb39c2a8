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

/** Where in a log. */
export interface LogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What one request found. */
export interface LogPiece {
  /** In order; records that follow each other in the log, so far as they are still there. */
  readonly records: readonly InRecord[];
  /** Where the next piece begins; the offset asked for when nothing is there yet. */
  readonly next: number;
}

/** What a partition holds. */
export interface LogBounds {
  /** First offset still in the log. */
  readonly begin: number;
  /** Offset the next record will get. */
  readonly end: number;
}

/** Reads ranges of the log. Every call rejects with a {@link KafkaError}, bounded by the request timeouts of the driver. */
export interface RangeReader {
  /**
   * The records of a range in order. Fewer than `maxRecords` come only when the range, or the log, ends there.
   *
   * Rejects with `out-of-range` when `from` is not in the log any more (or not yet: it lies behind the end),
   * `unknown-topic`, `unavailable`, `closed`.
   */
  read(range: LogRange): Promise<InRecord[]>;
  /** Where the partition begins and ends now. Rejects like {@link RangeReader.read}. */
  bounds(topic: string, partition: number): Promise<LogBounds>;
}

/**
 * Reads the log anywhere, without a group and without commits. One per process: its connections live as long as the
 * client, so that a short read costs one round trip.
 */
export interface LogReader extends RangeReader {
  /**
   * What one request to a broker brings: about a MiB, whatever the size of records, and one at least. For who reads all of
   * a partition. Rejects like {@link RangeReader.read}.
   */
  piece(place: LogPlace): Promise<LogPiece>;
}
