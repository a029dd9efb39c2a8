import type { Random } from '@chatplatform/runtime';

/** Seeded choices. */
export class Dice {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A number from `low` up to `high`. */
  between(low: number, high: number): number {
    return low + (high - low) * this.random.next();
  }

  /** A whole number from `low` to `high`, both possible. */
  whole(low: number, high: number): number {
    return low + Math.floor((high - low + 1) * this.random.next());
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** One of `list`; `undefined` only for an empty one. */
  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(list.length * this.random.next())];
  }
}
