import type { KafkaError } from '../errors.ts';
import type { OutRecord } from '../port/producer.ts';

/** Consecutive records of one partition. */
export interface Slice {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutRecord[];
}

/** What became of one slice. A slice is written wholly or not at all. */
export type SliceResult =
  | { readonly ok: true; readonly baseOffset: number; readonly timestamp: number }
  | {
      readonly ok: false;
      readonly error: KafkaError;
      /** `unknown`: the broker may have written it although no good answer came. */
      readonly written: 'no' | 'unknown';
    };

/** The way to the brokers: the only thing the real producer and the in-memory twin do not share. */
export interface ProduceTransport {
  /** The node that leads a partition, as far as known; equal strings share a flight. Never blocks. */
  leaderOf(topic: string, partition: number): string;
  /** Writes slices with `acks=all`, one attempt, bounded in time. Never rejects; results in the order of `slices`. */
  send(slices: readonly Slice[]): Promise<readonly SliceResult[]>;
  /** Why no broker answers, `undefined` when one does; connects if need be. Never rejects. */
  probe(): Promise<KafkaError | undefined>;
  close(): Promise<void>;
}
