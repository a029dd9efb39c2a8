import type { Clock, Random } from '../clock.ts';

interface Due {
  readonly at: number;
  readonly fn: () => void;
}

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #time = 0;
  #due: Due[] = [];

  now(): number {
    return 1_760_000_000_000 + this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  setTimeout(fn: () => void, ms: number): { cancel(): void } {
    const due = { at: this.#time + Math.max(0, ms), fn };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((other) => other !== due);
      },
    };
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#due.length;
  }

  /** Lets `ms` pass: everything that is due happens in its order, and so does what follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.#time + ms;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (!next || next.at > end) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#time = Math.max(this.#time, next.at);
      next.fn();
      await settle();
    }
    this.#time = end;
  }

  /** Timers of one moment happen in the order in which they were set. */
  #earliest(): Due | undefined {
    let first = this.#due[0];
    for (const due of this.#due) if (first && due.at < first.at) first = due;
    return first;
  }
}

/** Lets promises that are resolved already run: the longest chain in the SDK is far shorter. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    id: (length) => Array.from({ length }, () => Math.floor(next() * 36).toString(36)).join(''),
  };
}
