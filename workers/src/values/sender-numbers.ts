import { COPY_WINDOW_MS, Limits, type LogMessage } from '@chatplatform/protocol';

/** No copy of a message stands further behind it than this, ms. */
const WINDOW_MS = Limits.resendWindowMs + COPY_WINDOW_MS;

/** The highest number of each sender in each room, for as long as a copy of its message may come. */
export class SenderNumbers {
  #since = Number.NEGATIVE_INFINITY;
  #newer = new Map<string, number>();
  #older = new Map<string, number>();

  /** Notes a message of the log, in the order of the log; true when it is a copy of one that was there before. */
  isCopy({ room, inst, n, ts }: Pick<LogMessage, 'room' | 'inst' | 'n' | 'ts'>): boolean {
    if (ts > this.#since + WINDOW_MS) this.#turn(ts);
    const sender = `${room} ${inst}`;
    const highest = this.#newer.get(sender) ?? this.#older.get(sender) ?? 0;
    this.#newer.set(sender, Math.max(n, highest));
    return n <= highest;
  }

  /** What was last noted more than a window ago can go. */
  #turn(ts: number): void {
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#since = ts;
  }
}
