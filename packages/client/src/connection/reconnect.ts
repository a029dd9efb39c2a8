import { uniform, type Clock, type Random, type Timer } from '../clock.ts';

/** Milliseconds: a connection that lasted this long was a good one, and the waits start anew. */
const STABLE_MS = 10_000;
/** Milliseconds: the first try after a loss comes within this time. Spreads the clients of a gateway that died. */
const FIRST_MS = 2_000;
const BASE_MS = 1_000;
const MAX_MS = 30_000;

/** When to connect again: a hint of the platform wins, otherwise waits grow with full jitter. */
export class ReconnectPolicy {
  readonly #clock: Clock;
  readonly #random: Random;
  #attempt = 0;
  #stable: Timer | undefined;
  #lastWake = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds until the next try. `window` is the platform's hint: anywhere inside it. */
  delay(window?: readonly [number, number]): number {
    const attempt = this.#attempt;
    this.#attempt += 1;
    if (window) return uniform(this.#random, window[0], window[1]);
    return uniform(this.#random, 0, attempt === 0 ? FIRST_MS : Math.min(MAX_MS, BASE_MS * 2 ** attempt));
  }

  /** A connection is up; if it lasts, the waits start anew. */
  connected(): void {
    this.#stable?.cancel();
    this.#stable = this.#clock.setTimeout(() => {
      this.#attempt = 0;
    }, STABLE_MS);
  }

  /** The connection is gone. */
  lost(): void {
    this.#stable?.cancel();
    this.#stable = undefined;
  }

  /** May a sign of life (the network is back, the page is visible) cause a try now? Once per 10 s. */
  mayTryNow(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#lastWake < STABLE_MS) return false;
    this.#lastWake = now;
    return true;
  }
}
