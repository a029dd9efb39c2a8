import type { Clock, Timer } from '@chatplatform/runtime';

/** Work that repeats until it is stopped; a run never overlaps the one before. */
export class Repeating {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` every `ms`, the first time after `ms`. A rejection goes to `onError` and changes nothing. */
  every(ms: number, work: () => Promise<unknown> | void, onError: (error: unknown) => void = ignore): void {
    if (this.#stopped) return;
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      const run = async (): Promise<unknown> => work();
      void run()
        .catch(onError)
        .finally(() => this.every(ms, work, onError));
    }, ms);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }
}

function ignore(): void {}
