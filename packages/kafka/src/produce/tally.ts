import { Deferred } from '@chatplatform/runtime';
import type { KafkaError } from '../errors.ts';
import type { Answer } from './partition-queue.ts';

/** One promise for many records: a promise per record is what makes large batches slow. */
export class Tally {
  readonly #all = new Deferred();
  #open = 0;

  get promise(): Promise<void> {
    return this.#all.promise;
  }

  /** The answer of one more record. */
  mark(): Answer {
    this.#open += 1;
    const tally = this.#all;
    const settle = (error?: KafkaError): void => {
      if (mark.settled) return;
      mark.settled = true;
      this.#open -= 1;
      if (error !== undefined) tally.reject(error);
      else if (this.#open === 0) tally.resolve();
    };
    const mark = {
      settled: false,
      promise: tally.promise,
      resolve: () => settle(),
      reject: (error: KafkaError) => settle(error),
    };
    return mark;
  }
}
