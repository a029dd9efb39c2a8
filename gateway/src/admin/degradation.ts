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

  set(down: Readonly<Record<DegradedPart, boolean>>): void {
    let changed = false;
    for (const [name, isDown] of Object.entries(down)) {
      const part = name as DegradedPart;
      if (this.#down.has(part) === isDown) continue;
      changed = true;
      if (isDown) this.#down.set(part, this.#clock.now());
      else this.#down.delete(part);
    }
    if (changed) this.#tell(this.#encode());
  }

  #encode(): Json {
    if (this.#down.size === 0) return encodePush({ degraded: { parts: [] } });
    return encodePush({ degraded: { parts: this.parts, since: Math.min(...this.#down.values()) } });
  }
}
