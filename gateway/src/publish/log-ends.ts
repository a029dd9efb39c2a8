import type { LogReader } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';

/** A partition is asked for its end at most this often, ms: who makes positions up costs the brokers no more than that. */
const ASK_MS = 100;

interface Known {
  end: number;
  /** When it was asked for last, monotonic ms. */
  at: number;
  /** The next time it is. */
  next: Promise<void> | undefined;
}

/** What is written in the log: how far each partition reaches, learned when somebody names an offset beyond it. */
export class LogEnds {
  readonly #parts: { reader: Pick<LogReader, 'bounds'>; topic: string; clock: Clock };
  readonly #known = new Map<number, Known>();

  constructor(parts: { reader: Pick<LogReader, 'bounds'>; topic: string; clock: Clock }) {
    this.#parts = parts;
  }

  /** Whether there is, or was, a record at `offset`. Rejects while the log cannot be asked. */
  async reaches(partition: number, offset: number): Promise<boolean> {
    const known = this.#known.get(partition) ?? { end: 0, at: -Infinity, next: undefined };
    this.#known.set(partition, known);
    if (offset >= known.end) await (known.next ??= this.#askNext(partition, known));
    return offset < known.end;
  }

  /** One that is under way may have been asked too early; the next one serves all who come before it begins. */
  async #askNext(partition: number, known: Known): Promise<void> {
    const { reader, topic, clock } = this.#parts;
    const waitMs = known.at + ASK_MS - clock.monotonic();
    // All who come in the same turn are served by it.
    await Promise.resolve();
    if (waitMs > 0) await clock.sleep(waitMs);
    known.next = undefined;
    known.at = clock.monotonic();
    const { end } = await reader.bounds(topic, partition);
    known.end = Math.max(known.end, end);
  }
}
