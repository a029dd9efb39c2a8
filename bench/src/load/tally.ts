import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What members saw of numbered messages; the verdict of a load run. */
export interface Counts {
  readonly received: number;
  /** Numbers that never came, to any one member. */
  readonly lost: number;
  readonly doubled: number;
  /** Came after a later one. */
  readonly reordered: number;
}

/** Milliseconds from when a message was due to be sent until a member had it. */
export interface Delays {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Ten minutes in µs: longer than any run. */
const LONGEST_US = 600_000_000;
const US = 1000;

/** Checks every member's numbers: each exactly once and in order. Cheap enough to run on every delivery. */
export class Tally {
  readonly #last: number[] = [];
  readonly #missing: Set<number>[] = [];
  #received = 0;
  #doubled = 0;
  #reordered = 0;
  #delays: RecordableHistogram = histogram();

  /** @returns the index of a new member, who is owed every message from number 1 */
  member(): number {
    this.#missing.push(new Set());
    return this.#last.push(0) - 1;
  }

  /** A member got message `seq`, due `delayUs` ago. */
  got(member: number, seq: number, delayUs: number): void {
    this.#received += 1;
    this.#delays.record(Math.max(1, Math.min(LONGEST_US, Math.round(delayUs))));
    const last = this.#last[member] as number;
    if (seq === last + 1) {
      this.#last[member] = seq;
      return;
    }
    const missing = this.#missing[member] as Set<number>;
    if (seq > last) {
      for (let hole = last + 1; hole < seq; hole += 1) missing.add(hole);
      this.#last[member] = seq;
    } else if (missing.delete(seq)) this.#reordered += 1;
    else this.#doubled += 1;
  }

  /** The verdict when every member should have got `owed` messages. */
  counts(owed: (member: number) => number): Counts {
    let lost = 0;
    this.#last.forEach((last, member) => {
      lost += Math.max(0, owed(member) - last) + (this.#missing[member] as Set<number>).size;
    });
    return { received: this.#received, lost, doubled: this.#doubled, reordered: this.#reordered };
  }

  get received(): number {
    return this.#received;
  }

  /** Delays since the last call. */
  takeDelays(): Delays {
    const delays = this.#delays;
    this.#delays = histogram();
    const at = (percentile: number): number => (delays.count === 0 ? 0 : delays.percentile(percentile) / US);
    return { p50: at(50), p95: at(95), p99: at(99), max: delays.count === 0 ? 0 : delays.max / US };
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST_US, figures: 3 });
}
