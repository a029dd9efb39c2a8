import type { KafkaError } from '../errors.ts';
import type { OutRecord } from '../port/producer.ts';

/** What a test can break in the twin. All fields may be set at any time. */
export interface MemoryFaults {
  /** No broker answers: nothing is written, read or committed. */
  outage: boolean;
  /** That many of the next produce requests are written but their answer is lost. */
  lostAnswers: number;
  /** Refuses a record for good, e.g. `too-large`. */
  refuse: ((record: OutRecord) => KafkaError | undefined) | undefined;
}

export function noFaults(): MemoryFaults {
  return { outage: false, lostAnswers: 0, refuse: undefined };
}
