import type { Position } from '@chatplatform/protocol/light';
import type { Clock, Timer } from '../clock.ts';

/** Milliseconds: delivered watermarks are cumulative, so one in a second says as much as all. */
const INTERVAL_MS = 1_000;

/** Collects delivered watermarks and sends them at most once per second. */
export class DeliveredWatermarks {
  readonly #clock: Clock;
  readonly #send: (positions: Record<string, Position>) => void;
  readonly #positions = new Map<string, Position>();
  readonly #due = new Set<string>();
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (positions: Record<string, Position>) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Everything up to this message was delivered. */
  note(room: string, id: Position): void {
    this.#positions.set(room, id);
    this.#soon(room);
  }

  /** There is a new connection: what went over the old one may not have arrived. */
  repeat(): void {
    for (const room of this.#positions.keys()) this.#soon(room);
  }

  /** The room was left. */
  forget(room: string): void {
    this.#positions.delete(room);
    this.#due.delete(room);
  }

  /** Sends nothing more. */
  close(): void {
    this.#timer?.cancel();
    this.#positions.clear();
  }

  #soon(room: string): void {
    this.#due.add(room);
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), INTERVAL_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const due = [...this.#positions].filter(([room]) => this.#due.has(room));
    this.#due.clear();
    if (due.length > 0) this.#send(Object.fromEntries(due));
  }
}
