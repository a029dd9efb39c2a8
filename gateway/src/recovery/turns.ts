import type { RangeReader } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';
import { SharedReader } from './shared-reader.ts';

/** Who reads a partition together. */
interface Turn {
  readonly reader: RangeReader;
  /** Those who are not done. */
  readers: number;
}

interface Options {
  readonly reader: RangeReader;
  readonly clock: Clock;
  /** Turns at a time. */
  readonly count: number;
  /** How long one waits for its turn, ms. */
  readonly patienceMs: number;
}

/**
 * Readings of the log, so many partitions at a time; the others wait in order. All who wait for the same partition have
 * their turn together and share what is read: after a Redis that lost everything a thousand rooms ask at once.
 */
export class Turns {
  readonly #options: Options;
  /** By partition, the one that has waited for longest first. */
  readonly #waiting = new Map<number, Set<(turn: Turn) => void>>();
  #free: number;

  constructor(options: Options) {
    this.#options = options;
    this.#free = options.count;
  }

  /** Does `work` when the turn of `partition` comes; resolves with `busy` when that takes too long. */
  async run<T>(partition: number, work: (reader: RangeReader) => Promise<T>): Promise<T | 'busy'> {
    const turn = await this.#take(partition);
    if (turn === undefined) return 'busy';
    try {
      return await work(turn.reader);
    } finally {
      turn.readers -= 1;
      if (turn.readers === 0) this.#give();
    }
  }

  #take(partition: number): Promise<Turn | undefined> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve({ reader: this.#options.reader, readers: 1 });
    }
    const waiting = this.#waiting.get(partition) ?? new Set();
    this.#waiting.set(partition, waiting);
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimeout(() => {
        waiting.delete(begin);
        if (waiting.size === 0 && this.#waiting.get(partition) === waiting) this.#waiting.delete(partition);
        resolve(undefined);
      }, this.#options.patienceMs);
      const begin = (turn: Turn): void => {
        timer.cancel();
        resolve(turn);
      };
      waiting.add(begin);
    });
  }

  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    const [partition, waiting] = next;
    this.#waiting.delete(partition);
    const { reader } = this.#options;
    const turn = { reader: waiting.size > 1 ? new SharedReader(reader) : reader, readers: waiting.size };
    for (const begin of waiting) begin(turn);
  }
}
