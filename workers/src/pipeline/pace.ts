import type { RecordBatch } from '@chatplatform/kafka';
import { GatheringWindow, type Clock } from '@chatplatform/runtime';
import { nextOffset } from './pipeline.ts';

const WINDOW = {
  /** Share of time the worker may be busy before waiting pays: below it every message is read at once. */
  idleShare: 0.2,
  /** Share at which the full window is used. */
  busyShare: 0.5,
  /** Longest a batch holds up the next reading: adds at most this to delivery when much is written. */
  maxMs: 20,
  /** At a hundred messages a second each is read by itself, however busy the worker is. */
  worth: 8,
} as const;
/** Between two looks at the load, ms. */
const SAMPLE_MS = 250;

type Read = Pick<RecordBatch, 'records' | 'highWatermark'>;

/**
 * Lets what is written collect in the log while the worker is busy and much is written. A reading costs the same for one
 * record as for a hundred: a request to Kafka, a script of Redis, a publish to each gateway, a write of events.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #utilization: () => number;
  readonly #window = new GatheringWindow(WINDOW);
  #sampledAt = Number.NEGATIVE_INFINITY;

  /** @param utilization share of time (0..1) the event loop was busy since the last call */
  constructor(clock: Clock, utilization: () => number) {
    this.#clock = clock;
    this.#utilization = utilization;
  }

  /**
   * Resolves when the next reading may begin after a batch that was begun at `since`, monotonic ms: at once where more is
   * in the log already.
   */
  async rest(since: number, batch: Read): Promise<void> {
    const now = this.#clock.monotonic();
    this.#window.note(batch.records.length);
    if (now - this.#sampledAt >= SAMPLE_MS) {
      this.#sampledAt = now;
      this.#window.sample(this.#utilization(), now);
    }
    if (nextOffset(batch) < batch.highWatermark) return;
    const left = since + this.#window.ms - now;
    if (left > 0) await this.#clock.sleep(left);
  }
}
