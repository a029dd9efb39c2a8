import type { Watermarks } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';

/** Members come back together after a gateway is gone: one read serves all of a room within this time. */
const AGE_MS = 1000;
/** Rooms whose watermarks are remembered for that second. */
const MAX_CACHED = 10_000;

type Marks = ReadonlyMap<string, Watermarks>;

/** The watermarks of rooms for those who join, read once for all who come together. */
export class CurrentReceipts {
  readonly #clock: Clock;
  readonly #read: (room: string) => Promise<Marks>;
  readonly #known = new Map<string, { at: number; marks: Promise<Marks> }>();

  constructor(clock: Clock, read: (room: string) => Promise<Marks>) {
    this.#clock = clock;
    this.#read = read;
  }

  /**
   * What rose since the read was pushed to everybody subscribed by then, provided that `forget` was called before
   * the push. Rejects as `read` does.
   */
  async of(room: string): Promise<Marks> {
    const now = this.#clock.monotonic();
    const known = this.#known.get(room);
    if (known !== undefined && now - known.at < AGE_MS) return known.marks;
    if (this.#known.size >= MAX_CACHED) this.#known.clear();
    const marks = this.#read(room);
    this.#known.set(room, { at: now, marks });
    // A failed read is asked again by the next one who joins.
    marks.catch(() => this.#forgetRead(room, marks));
    return marks;
  }

  /** Something rose in `room`: who joins from now on reads again. */
  forget(room: string): void {
    this.#known.delete(room);
  }

  #forgetRead(room: string, marks: Promise<Marks>): void {
    if (this.#known.get(room)?.marks === marks) this.#known.delete(room);
  }
}
