import { LoadWindow, type LoadWindowOptions } from './load-window.ts';

/** When a {@link GatheringWindow} opens. */
export interface GatheringWindowOptions extends LoadWindowOptions {
  /** Fewer than that in a window do not pay for the wait of the first. */
  readonly worth: number;
}

/** A {@link LoadWindow} that stays shut where too little would gather in it. */
export class GatheringWindow {
  readonly #worth: number;
  readonly #load: LoadWindow;
  #noted = 0;
  #perMs = 0;
  #sampledAt = Number.NEGATIVE_INFINITY;

  constructor({ worth, ...load }: GatheringWindowOptions) {
    this.#worth = worth;
    this.#load = new LoadWindow(load);
  }

  /** Milliseconds to collect; 0 = do it now. */
  get ms(): number {
    const { ms } = this.#load;
    return ms * this.#perMs < this.#worth ? 0 : ms;
  }

  /** So many came. */
  note(count: number): void {
    this.#noted += count;
  }

  /**
   * @param utilization share of time (0..1) the event loop was busy since the last call, a few times per second
   * @param now monotonic ms
   */
  sample(utilization: number, now: number): void {
    this.#load.sample(utilization);
    this.#perMs = now > this.#sampledAt ? this.#noted / (now - this.#sampledAt) : 0;
    this.#noted = 0;
    this.#sampledAt = now;
  }
}
