import type { Clock } from '@chatplatform/runtime';

/** Judging liveness must not cost a round trip per call; a lease lives 15 s, so 1 s more or less decides nothing. */
export const LIVE_MAX_AGE_MS = 1_000;

/** The last known set of live gateways, read at most once at a time. */
export class LiveCache {
  readonly #clock: Clock;
  readonly #read: () => Promise<ReadonlySet<string>>;
  #known: { set: ReadonlySet<string>; at: number } | undefined;
  #reading: Promise<ReadonlySet<string>> | undefined;

  constructor(clock: Clock, read: () => Promise<ReadonlySet<string>>) {
    this.#clock = clock;
    this.#read = read;
  }

  get(maxAgeMs: number): Promise<ReadonlySet<string>> {
    if (this.#known && this.#clock.monotonic() - this.#known.at <= maxAgeMs)
      return Promise.resolve(this.#known.set);
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The next call reads. */
  forget(): void {
    this.#known = undefined;
  }

  async #refresh(): Promise<ReadonlySet<string>> {
    const at = this.#clock.monotonic();
    const set = await this.#read();
    this.#known = { set, at };
    return set;
  }
}
