import type { Clock } from './clock.ts';
import { RuntimeError } from './errors.ts';

/** closed = calls pass; open = calls fail at once; half-open = one trial call decides. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** What it protects, for messages. */
  readonly name: string;
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds it stays open before a trial. */
  readonly openMs: number;
}

/** Stops calling what keeps failing, and finds out by one trial call when it works again. */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #listeners = new Set<(state: BreakerState) => void>();
  #state: BreakerState = 'closed';
  #failures = 0;
  #openedAt = 0;
  #trial = false;

  constructor(options: BreakerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a call may be tried; 0 when it may be now. A hint for "try again after". */
  get retryAfterMs(): number {
    if (this.#state === 'closed') return 0;
    return Math.max(0, Math.ceil(this.#openedAt + this.#options.openMs - this.#clock.monotonic()));
  }

  /** Calls `fn` on every change of state; returns the way to stop that. */
  onChange(fn: (state: BreakerState) => void): () => void {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }

  /** Runs `fn` if calls pass. @throws RuntimeError `breaker-open` (retryable) otherwise; what `fn` throws is passed on. */
  async run<T>(fn: () => Promise<T>): Promise<T> {
    if (!this.allows()) {
      throw new RuntimeError(
        'breaker-open',
        `${this.#options.name} keeps failing; next attempt in ${this.retryAfterMs} ms`,
        { retryable: true },
      );
    }
    try {
      const result = await fn();
      this.succeeded();
      return result;
    } catch (error) {
      this.failed();
      throw error;
    }
  }

  /**
   * Whether a call may be made now. Taking the trial slot of an open breaker is a side effect: the caller
   * reports with {@link succeeded} or {@link failed}.
   */
  allows(): boolean {
    if (this.#state === 'closed') return true;
    if (this.#trial || this.retryAfterMs > 0) return false;
    this.#trial = true;
    this.#change('half-open');
    return true;
  }

  succeeded(): void {
    this.#trial = false;
    this.#failures = 0;
    this.#change('closed');
  }

  failed(): void {
    this.#trial = false;
    this.#failures += 1;
    if (this.#state === 'closed' && this.#failures < this.#options.failures) return;
    this.#openedAt = this.#clock.monotonic();
    this.#change('open');
  }

  #change(state: BreakerState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
