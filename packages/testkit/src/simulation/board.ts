import type { ChatClient, Room } from '@chatplatform/client';
import type { Dice } from './dice.ts';
import type { PastWrite } from './past.ts';

/** A room that keeps the newest value of each key. */
export const BOARD = 'state:1';
const KEYS = ['one', 'two', 'three'];
/** What nobody writes any more. */
const OLD_KEY = 'old';
/** Every key there may be. */
export const BOARD_KEYS: readonly string[] = [...KEYS, OLD_KEY];
/** Share of writes that delete. */
const DELETIONS = 0.2;

/** Somebody who sees the board. */
interface Viewer {
  readonly name: string;
  readonly room: Room;
  written: number;
}

interface Write {
  readonly id: string;
  /** `null` when it deletes. */
  readonly data: unknown;
}

/**
 * A latest-value room and what must hold in it: in the end everybody has the value with the highest id of each key, and
 * no value has two ids.
 */
export class Board {
  readonly complaints: string[] = [];
  readonly #viewers = new Map<string, Viewer>();
  /** The newest write of each key that is known to be in the log. */
  readonly #newest = new Map<string, Write>();
  readonly #ids = new Map<string, string>();
  /** Keys of which a deletion has no known place: only that all agree can be asked. */
  readonly #unsure = new Set<string>();
  #open = 0;

  /** @param past what was written before anybody saw it */
  constructor(past: readonly PastWrite[]) {
    for (const { key, ...write } of past) this.#learn(key, write);
  }

  /** From now on `client` sees it. */
  join(name: string, client: ChatClient): void {
    const room = client.join(BOARD, { classes: ['msg'] });
    // What is told as deleted may have its id from a reply, which names no writes.
    room.on('value', ({ key, id, data }) => {
      if (data !== null) this.#learn(key, { id, data });
    });
    this.#viewers.set(name, { name, room, written: 0 });
  }

  /** Lets `name` set a key, or delete it. */
  write(name: string, dice: Dice): void {
    const viewer = this.#viewers.get(name);
    const key = dice.pick(KEYS);
    if (viewer === undefined || key === undefined) return;
    viewer.written += 1;
    const data = dice.chance(DELETIONS) ? null : `${name}=${viewer.written}`;
    this.#open += 1;
    const writing = data === null ? viewer.room.delete(key) : viewer.room.set(key, data);
    writing.then(
      ({ id }) => {
        this.#open -= 1;
        if (id !== undefined) this.#learn(key, { id, data });
        else if (data === null) this.#unsure.add(key);
      },
      (error: unknown) => {
        this.complaints.push(`${name}: value of ${key} failed: ${String(error)}`);
      },
    );
  }

  /** Every write has its outcome, and everybody sees the same, which is the newest. */
  get content(): boolean {
    return this.#open === 0 && this.differences.length === 0;
  }

  /** Who sees something else than the newest. */
  get differences(): string[] {
    const viewers = [...this.#viewers.values()];
    return BOARD_KEYS.flatMap((key) => {
      const expected = this.#unsure.has(key) ? viewers[0]?.room.get(key) : this.#newest.get(key);
      const wanted = textOf(expected);
      return viewers.flatMap(({ name, room }) => {
        const seen = textOf(room.get(key));
        return seen === wanted ? [] : [`${name} sees ${key} as ${seen}; the newest is ${wanted}`];
      });
    });
  }

  #learn(key: string, write: Write): void {
    if (typeof write.data === 'string') {
      const known = this.#ids.get(write.data);
      if (known !== undefined && known !== write.id)
        this.complaints.push(`value ${write.data} of ${key} is ${known} and ${write.id}`);
      this.#ids.set(write.data, write.id);
    }
    const newest = this.#newest.get(key);
    if (newest === undefined || write.id > newest.id) this.#newest.set(key, write);
  }
}

function textOf(write: Write | undefined): string {
  return write === undefined || write.data === null
    ? 'nothing'
    : `${JSON.stringify(write.data)} (${write.id})`;
}
