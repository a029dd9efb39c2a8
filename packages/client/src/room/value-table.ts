import { BEGINNING, sameLog, type Position } from '@chatplatform/protocol/light';
import type { ValuePush } from '@chatplatform/protocol';
import { valueOf, type Value } from './message.ts';

/** The newest value of every key of a latest-value room. */
export class ValueTable {
  readonly #changed: (value: Value) => void;
  /** Keys deleted above the floor stay, so that an older value that comes late does not bring them back. */
  readonly #values = new Map<string, Value>();
  /** Up to here a reply named all there is: what comes late from before it (from the old connection of two, say) is past. */
  #floor: Position = BEGINNING;

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
    const known = this.#values.get(push.k)?.id ?? BEGINNING;
    if (isAbove(push.id, known) && isAbove(push.id, this.#floor)) this.#set(valueOf(push));
  }

  /** A reply named every key there was at `head`: what it does not name was deleted meanwhile. */
  keep(keys: ReadonlySet<string>, head: Position): void {
    for (const [key, known] of this.#values) {
      if (keys.has(key) || (sameLog(known.id, head) && known.id > head)) continue;
      this.#values.delete(key);
      if (known.data !== null) this.#changed({ ...known, id: head, data: null });
    }
    if (isAbove(head, this.#floor)) this.#floor = head;
  }

  #set(value: Value): void {
    this.#values.set(value.key, value);
    this.#changed(value);
  }
}

/** Newer, or of another log than the one known so far. */
function isAbove(id: Position, known: Position): boolean {
  return !sameLog(id, known) || id > known;
}
