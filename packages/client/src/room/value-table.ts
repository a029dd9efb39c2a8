import { sameLog, type Position } from '@chatplatform/protocol/light';
import type { ValuePush } from '@chatplatform/protocol';
import { valueOf, type Value } from './message.ts';

/** The newest value of every key of a latest-value room. */
export class ValueTable {
  readonly #changed: (value: Value) => void;
  /** Deleted keys stay, so that an older value that comes late does not bring them back. */
  readonly #values = new Map<string, Value>();

  constructor(changed: (value: Value) => void) {
    this.#changed = changed;
  }

  /** Every key that has a value. */
  get live(): Map<string, Value> {
    return new Map([...this.#values].filter(([, { data }]) => data !== null));
  }

  /** The value of a key. */
  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    return value?.data === null ? undefined : value;
  }

  /** Takes a value; only a newer one than the known one counts. */
  take(push: ValuePush): void {
    const known = this.#values.get(push.k);
    if (known !== undefined && sameLog(known.id, push.id) && push.id <= known.id) return;
    this.#set(valueOf(push));
  }

  /** A reply named every key there was at `head`: what it does not name was deleted meanwhile. */
  keep(keys: ReadonlySet<string>, head: Position): void {
    for (const [key, known] of this.#values) {
      if (known.data === null || keys.has(key) || (sameLog(known.id, head) && known.id > head)) continue;
      this.#set({ ...known, id: head, data: null });
    }
  }

  #set(value: Value): void {
    this.#values.set(value.key, value);
    this.#changed(value);
  }
}
