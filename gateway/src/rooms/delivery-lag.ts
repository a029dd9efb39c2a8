import type { Clock } from '@chatplatform/runtime';
import type { RoomEntry } from './ring.ts';

/** Every so many messages one is measured: reading the time out of the line must not cost a share of the fan-out. */
const EVERY = 16;

/** Measures how long after its append a message reaches the sockets, by the clocks of broker and gateway. */
export class DeliveryLag {
  readonly #clock: Clock;
  readonly #seconds: { observe(seconds: number): void };
  #count = 0;

  constructor(clock: Clock, seconds: { observe(seconds: number): void }) {
    this.#clock = clock;
    this.#seconds = seconds;
  }

  sample(entries: readonly RoomEntry[]): void {
    this.#count += entries.length;
    if (this.#count < EVERY) return;
    this.#count = 0;
    // The field stands before any text of a user.
    const time = /"t":(\d+),/.exec(entries.at(-1)?.frame ?? '')?.[1];
    if (time !== undefined) this.#seconds.observe(Math.max(0, this.#clock.now() - Number(time)) / 1000);
  }
}
