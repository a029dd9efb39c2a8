/** One checkpoint per second of work is exact enough to go back by. */
const INTERVAL_MS = 1_000;

/**
 * Where a partition's reading stood at which moment of this process. Going back by the time of work,
 * not by the time of the log: while a backlog is read, a second of work covers hours of log.
 */
export class Checkpoints {
  readonly #keepMs: number;
  readonly #marks: { readonly at: number; readonly offset: number }[] = [];

  /** @param keepMs how far back one can go. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Notes that the work at monotonic time `at` begins with `offset`. */
  note(at: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && at - last.at < INTERVAL_MS && offset >= last.offset) return;
    this.#marks.push({ at, offset });
    while (this.#marks.length > 1 && (this.#marks[1] as { at: number }).at < at - this.#keepMs)
      this.#marks.shift();
  }

  /** The offset that everything worked on since monotonic time `at` is not below; `undefined` without work. */
  before(at: number): number | undefined {
    let found: number | undefined;
    for (const mark of this.#marks) {
      // Work before `at` may have lasted until it, so the last mark not after `at` counts too.
      if (found !== undefined && mark.at > at) break;
      found = mark.offset;
    }
    const since = this.#marks.filter((mark) => mark.at > at).map((mark) => mark.offset);
    return found === undefined ? undefined : Math.min(found, ...since);
  }
}
