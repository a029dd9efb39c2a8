import type { Clock } from '@chatplatform/runtime';

/** Judging liveness must not cost a round trip per call; a lease lives 15 s, so 1 s more or less decides nothing. */
export const LIVE_MAX_AGE_MS = 1_000;

/** The last known set of live gateways, read at most once at a time. */
export class LiveCache {
  readonly #clock: Clock;
  readonly #read: () => Promise<ReadonlySet<string>>;
  #known: { set: ReadonlySet<string>; at: number } | undefined;
  #reading: Promise<ReadonlySet<string>> | undefined;
  #generation = 0;

  constructor(clock: Clock, read: () => Promise<ReadonlySet<string>>) {
    this.#clock = clock;
    this.#read = read;
  }

  get(maxAgeMs: number): Promise<ReadonlySet<string>> {
    if (this.#known && this.#clock.monotonic() - this.#known.at <= maxAgeMs)
      return Promise.resolve(this.#known.set);
    if (this.#reading) return this.#reading;
    const reading = this.#refresh().finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  /** The next call reads; one that is under way may have asked too early and is not kept. */
  forget(): void {
    this.#known = undefined;
    this.#reading = undefined;
    this.#generation += 1;
  }

  async #refresh(): Promise<ReadonlySet<string>> {
    const at = this.#clock.monotonic();
    const generation = this.#generation;
    const set = await this.#read();
    if (generation === this.#generation) this.#known = { set, at };
    return set;
  }
}
