import type { Dice } from './dice.ts';
import type { SimProcess } from './sim-process.ts';
import { momentOf, type VirtualTime } from './virtual-time.ts';

/** One hop inside a cluster, ms: most are short, some meet a full queue. */
const HOP = { low: 0.1, high: 1.5, slowShare: 0.02, slowHigh: 80 } as const;

/** A stream of things that arrive in the order they were sent, each some time later. */
export class Pipe {
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  #last = 0;
  /** How much slower than a hop inside a cluster it is now. */
  factor: number;

  constructor(time: VirtualTime, dice: Dice, factor = 1) {
    this.#time = time;
    this.#dice = dice;
    this.factor = factor;
  }

  /** Milliseconds until what is sent now arrives: never before what was sent earlier. */
  delay(): number {
    const { low, high, slowShare, slowHigh } = HOP;
    const hop = this.#dice.chance(slowShare)
      ? this.#dice.between(high, slowHigh)
      : this.#dice.between(low, high);
    this.#last = Math.max(this.#last, momentOf(this.#time.now + hop * this.factor));
    return this.#last - this.#time.now;
  }
}

/** What a wire needs. */
export interface WireParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly process: SimProcess;
}

/**
 * Requests of one process to one store. Those of one lane are carried out, and answered, in the order they were sent;
 * lanes do not wait for each other, as connections to several servers do not.
 */
export class Wire {
  readonly #parts: WireParts;
  readonly #lanes = new Map<string, { out: Pipe; back: Pipe }>();
  #factor = 1;

  constructor(parts: WireParts) {
    this.#parts = parts;
  }

  /** Makes every hop that much slower (1 = as usual). */
  slow(factor: number): void {
    this.#factor = factor;
  }

  /** Carries `execute` out at the server a hop later; settles another hop after that, or never when the process has ended. */
  request<T>(lane: string, execute: () => Promise<T>, broken: () => Error | undefined = intact): Promise<T> {
    const { time, process, dice } = this.#parts;
    if (!process.alive) return new Promise(() => undefined);
    const { out, back } = this.#lane(lane);
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void): void => {
        process.later(back.delay(), () => {
          const error = broken();
          if (error === undefined) settle();
          else reject(error);
        });
      };
      time.after(out.delay(), () => {
        // What a dead process had handed to its kernel may still leave.
        if (!process.alive && dice.chance(0.5)) return;
        execute().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        );
      });
    });
  }

  #lane(name: string): { out: Pipe; back: Pipe } {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const { time, dice } = this.#parts;
      lane = { out: new Pipe(time, dice), back: new Pipe(time, dice) };
      this.#lanes.set(name, lane);
    }
    lane.out.factor = this.#factor;
    lane.back.factor = this.#factor;
    return lane;
  }
}

function intact(): undefined {
  return undefined;
}
