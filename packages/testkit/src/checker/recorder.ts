import type { Clock } from '@chatplatform/runtime';
import type { History, HistoryEvent } from './history.ts';

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;

/** Collects the history of a run; one per run, shared by all its clients. */
export class Recorder {
  readonly #events: HistoryEvent[] = [];
  readonly #clock: Clock;
  readonly #began: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#began = clock.monotonic();
  }

  get history(): History {
    return this.#events;
  }

  add(event: WithoutTime<HistoryEvent>): void {
    this.#events.push({ ...event, at: this.#clock.monotonic() - this.#began });
  }
}
