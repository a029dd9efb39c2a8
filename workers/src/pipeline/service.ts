import type { InRecord } from '@chatplatform/kafka';

/** Consecutive records of one partition, to be applied in order. */
export interface Span {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly InRecord[];
  /**
   * Offsets below it are re-applied: state is repaired and what was missing is sent, but nothing that is
   * there already, no outcome and no dead letter is sent again.
   */
  readonly floor: number;
  /** The store has everything of this partition from this offset on up to here; 0: from the beginning. */
  readonly horizon: number;
}

/**
 * What happened to a span.
 *
 * - `done`: every effect of every record is complete.
 * - `behind`: the store has lost earlier writes; nothing that depends on them was made.
 */
export type SpanResult = 'done' | 'behind';

/** A service of the workers: what is done with records. Applying a span twice must equal applying it once. */
export interface Service {
  /** Rejects with an infrastructure error to have the whole span applied again later. */
  apply(span: Span): Promise<SpanResult>;
  /** Everything remembered of a partition may be wrong or is no longer needed. */
  forget(topic: string, partition: number): void;
}
