import type { Clock, Timer } from '@chatplatform/runtime';

/** Between two questions to a server that does not answer, ms. */
const PROBE_MS = 1_000;

interface Deps {
  readonly clock: Clock;
  /** Asks the server for a sign of life. */
  readonly ping: () => Promise<unknown>;
  readonly onChange: () => void;
}

/**
 * Notices a server that keeps its connection and answers nothing: it hangs, or its machine is gone without a word.
 * Each of its callers would wait for the whole time limit, and nobody be told that something is wrong.
 */
export class Silence {
  readonly #deps: Deps;
  #answeredAt = -Infinity;
  #silent = false;
  #timer: Timer | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Nothing was answered since a command that ran out of time was sent; true until the next answer. */
  get silent(): boolean {
    return this.#silent;
  }

  /** The server answered something. */
  answered(): void {
    this.#answeredAt = this.#deps.clock.monotonic();
    if (this.#silent) this.#change(false);
  }

  /** A command sent at monotonic time `sentAt` ran out of time. */
  unanswered(sentAt: number): void {
    if (this.#silent || this.#answeredAt >= sentAt) return;
    this.#change(true);
    this.#probe();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #probe(): void {
    this.#timer = this.#deps.clock.setTimeout(() => {
      if (!this.#silent) return;
      this.#deps.ping().then(
        () => this.answered(),
        () => this.#probe(),
      );
    }, PROBE_MS);
  }

  #change(silent: boolean): void {
    this.#silent = silent;
    if (!silent) this.#timer?.cancel();
    this.#deps.onChange();
  }
}
