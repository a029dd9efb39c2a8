import type { Clock } from '@chatplatform/runtime';

/**
 * Those who come within this time of each other go on together, so that their questions to Redis travel together: a
 * command of its own costs this process more than everything else about a hello. Nobody who connects notices it beside
 * the round trips of TCP and the upgrade.
 */
const GATHER_MS = 5;

/** Lets who comes alone pass at once, and a crowd in small groups. */
export class Turnstile {
  readonly #clock: Clock;
  #group: Promise<void> | undefined;
  #passedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: go on at once. Otherwise resolves for everybody of the group in one turn of the event loop. */
  pass(): Promise<void> | undefined {
    if (this.#group !== undefined) return this.#group;
    const now = this.#clock.monotonic();
    if (now - this.#passedAt >= GATHER_MS) {
      this.#passedAt = now;
      return undefined;
    }
    this.#group = this.#clock.sleep(GATHER_MS).then(() => {
      this.#group = undefined;
      this.#passedAt = this.#clock.monotonic();
    });
    return this.#group;
  }
}
