import { seededRandom } from '@chatplatform/runtime';
import { Dice } from './dice.ts';
import type { Trouble, TroubleParts } from './troubles/trouble.ts';
import { TROUBLES } from './troubles/troubles.ts';

/** A trouble of a run's schedule. */
export interface Planned {
  readonly at: number;
  readonly trouble: Trouble;
  readonly dice: Dice;
}

/** Which troubles may be in a schedule. */
export interface Choice {
  /** Only these are drawn; all when absent. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Drawn and then left out, by their place in the schedule, from 1. */
  readonly without?: ReadonlySet<number> | undefined;
}

/** Draws a schedule: `count` troubles between two moments. */
export function schedule(
  dice: Dice,
  span: { from: number; to: number; count: number },
  { only, without }: Choice,
): Planned[] {
  const kinds = TROUBLES.filter(({ name }) => only === undefined || only.has(name));
  const total = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const draw = (): Trouble | undefined => {
    let left = dice.between(0, total);
    return kinds.find(({ weight }) => (left -= weight) < 0) ?? kinds[0];
  };
  return Array.from({ length: span.count }, () => ({
    at: dice.between(span.from, span.to),
    trouble: draw(),
    dice: new Dice(seededRandom(Math.floor(dice.random.next() * 2 ** 32))),
  }))
    .filter((planned): planned is Planned => planned.trouble !== undefined)
    .sort((a, b) => a.at - b.at)
    .filter((_, at) => without?.has(at + 1) !== true);
}

/** Carries a schedule out; tells when all of it is over. */
export class Troublemaker {
  readonly #parts: Omit<TroubleParts, 'dice'>;
  readonly lines: string[] = [];
  #open = 0;
  #calmSince = 0;
  #forgot = false;

  constructor(parts: Omit<TroubleParts, 'dice'>, plan: readonly Planned[]) {
    this.#parts = parts;
    for (const planned of plan) {
      this.#open += 1;
      parts.time.after(planned.at, () => this.#make(planned));
    }
  }

  /** Every trouble is over and everything that went down is up again. */
  get calm(): boolean {
    return this.#open === 0;
  }

  /** Since when it is calm, ms. */
  get calmSince(): number {
    return this.#calmSince;
  }

  /** Redis forgot something. */
  get forgot(): boolean {
    return this.#forgot;
  }

  #make({ trouble, dice }: Planned): void {
    const { time, journal } = this.#parts;
    const made = trouble.make({ ...this.#parts, dice });
    const text = made === undefined ? 'nothing to do it to' : `${made.what}, ${Math.round(made.lastsMs)} ms`;
    if (made !== undefined && trouble.forgets === true) this.#forgot = true;
    this.lines.push(`${time.now.toFixed(0).padStart(6)} ms  ${trouble.name}: ${text}`);
    journal.note(time.now, 'trouble', `${trouble.name}: ${text}`);
    time.after(made?.lastsMs ?? 0, () => {
      this.#open -= 1;
      this.#calmSince = time.now;
    });
  }
}

/** Names of everything that can happen. */
export const TROUBLE_NAMES: readonly string[] = TROUBLES.map(({ name }) => name);
