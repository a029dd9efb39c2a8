import { encodePush, type DegradedPart, type Json } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';

/** Topic every session is subscribed to. */
export const EVERYBODY = 'everybody';

/** What does not work now. Clients are told when it begins, changes and ends. */
export class Degradation {
  readonly #clock: Clock;
  readonly #tell: (frame: Json) => void;
  readonly #down = new Map<DegradedPart, number>();

  constructor(clock: Clock, tell: (frame: Json) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  get parts(): DegradedPart[] {
    return [...this.#down.keys()];
  }

  /** What to tell a session that comes now; undefined while everything works. */
  get frame(): Json | undefined {
    return this.#down.size === 0 ? undefined : this.#encode();
  }

  set(parts: readonly DegradedPart[], down: boolean): void {
    const before = this.#down.size;
    let changed = false;
    for (const part of parts) {
      if (this.#down.has(part) === down) continue;
      changed = true;
      if (down) this.#down.set(part, this.#clock.now());
      else this.#down.delete(part);
    }
    if (changed && before + this.#down.size > 0) this.#tell(this.#encode());
  }

  #encode(): Json {
    if (this.#down.size === 0) return encodePush({ degraded: { parts: [] } });
    return encodePush({ degraded: { parts: this.parts, since: Math.min(...this.#down.values()) } });
  }
}
