import type { Position } from '@chatplatform/protocol/light';
import type { Clock, Timer } from './clock.ts';

/** Milliseconds: delivered watermarks are cumulative, so one in a second says as much as all. */
const INTERVAL_MS = 1_000;

/** Collects delivered watermarks and sends them at most once per second. */
export class DeliveredWatermarks {
  readonly #clock: Clock;
  readonly #send: (positions: Record<string, Position>) => void;
  readonly #positions = new Map<string, Position>();
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (positions: Record<string, Position>) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Everything up to this message was delivered. */
  note(room: string, id: Position): void {
    this.#positions.set(room, id);
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), INTERVAL_MS);
  }

  /** Sends nothing more. */
  close(): void {
    this.#timer?.cancel();
  }

  #flush(): void {
    this.#timer = undefined;
    const positions = Object.fromEntries(this.#positions);
    this.#positions.clear();
    this.#send(positions);
  }
}
