import { sleepOn, type Clock, type Timer } from './clock.ts';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until told otherwise. For tests and the simulation. */
export class ManualClock implements Clock {
  readonly #origin: number;
  #elapsed = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param startMs what `now()` says first, in milliseconds since 1970. */
  constructor(startMs = 1_700_000_000_000) {
    this.#origin = startMs;
  }

  now(): number {
    return this.#origin + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Number of timers not yet run: 0 proves that a component cleaned up. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  setTimeout(fn: () => void, ms: number): Timer {
    const entry: Pending = { due: this.#elapsed + Math.max(0, ms), order: this.#order++, fn };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /**
   * Moves time forward by `ms`, running due timers in order. Promise continuations run between timers, so
   * code that awaits and sets a new timer inside the span has that timer run as well.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#elapsed = next.due;
      next.fn();
      await settle();
    }
    this.#elapsed = end;
    await settle();
  }

  /** Moves time forward without giving promises a turn; due timers run in order. */
  tick(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#elapsed = next.due;
      next.fn();
    }
    this.#elapsed = end;
  }

  #next(end: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.due > end) continue;
      if (best === undefined || entry.due < best.due || (entry.due === best.due && entry.order < best.order))
        best = entry;
    }
    return best;
  }
}

/** One turn of the event loop: every promise chain that can move without a timer has moved when it resolves. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
