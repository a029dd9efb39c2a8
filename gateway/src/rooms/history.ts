import { BEGINNING } from '@chatplatform/protocol';
import type { HistoryPage, LocalRoom, Vacancy } from './local-room.ts';

/** What the gateway asks the history for; every call rejects while it cannot be reached. */
export interface HistorySource {
  /**
   * The oldest `max` messages after `from`, ascending.
   *
   * @param atLeast a message known to be in the room: what ends before it has forgotten, and another source is asked.
   */
  after(room: string, from: string, max: number, atLeast?: string): Promise<HistoryPage>;
  /** The newest `max` messages before `before`, ascending. */
  before(room: string, before: string, max: number): Promise<HistoryPage>;
  /** The newest `max` messages, ascending. */
  newest(room: string, max: number): Promise<HistoryPage>;
  /** Heads in the order of `rooms`; '' for a room without messages. */
  heads(rooms: readonly string[]): Promise<string[]>;
  /** Where a room begins of which the history has no message, as read just before; `undefined` when it cannot be told. */
  beginning(room: string): Promise<string | undefined>;
}

/** The head of a room: see {@link HistoryPage}. */
export interface Head {
  head: string;
  vacancy: Vacancy | undefined;
}

/** The head of a room without messages. */
export function vacantAt(beginning: string | undefined): Required<Head> {
  return { head: beginning ?? BEGINNING, vacancy: beginning === undefined ? 'unknown' : 'known' };
}

/** Entries per read of a repair: a page of history costs Redis as much as some ten single reads. */
export const READ_PAGE = 200;

/**
 * Reads the history of local rooms with equal reads shared while they are under way: a burst of joins to one room
 * costs one read. Shared per room object, never per name: a read of an earlier life of the room, from before its
 * route was written, must not start a later one.
 */
export class SharedHistory {
  readonly #source: HistorySource;
  readonly #pages = new SharedReads<HistoryPage>();
  readonly #heads = new SharedReads<Head>();

  constructor(source: HistorySource) {
    this.#source = source;
  }

  after(room: LocalRoom, from: string, max: number, atLeast?: string): Promise<HistoryPage> {
    return this.#pages.share(room, `${from} ${max} ${atLeast ?? ''}`, () =>
      this.#source.after(room.name, from, max, atLeast),
    );
  }

  newest(room: LocalRoom, max: number): Promise<HistoryPage> {
    return this.#pages.share(room, String(max), () => this.#source.newest(room.name, max));
  }

  head(room: LocalRoom): Promise<Head> {
    return this.#heads.share(room, '', async () => {
      const [head = BEGINNING] = await this.#source.heads([room.name]);
      if (head !== BEGINNING) return { head, vacancy: undefined };
      return vacantAt(await this.#source.beginning(room.name));
    });
  }
}

/** Reads of rooms that are under way. */
class SharedReads<Answer> {
  readonly #pending = new Map<LocalRoom, Map<string, Promise<Answer>>>();

  share(room: LocalRoom, key: string, read: () => Promise<Answer>): Promise<Answer> {
    const pending = this.#pending.get(room) ?? new Map<string, Promise<Answer>>();
    this.#pending.set(room, pending);
    const shared = pending.get(key);
    if (shared !== undefined) return shared;
    const fresh = read().finally(() => {
      pending.delete(key);
      if (pending.size === 0) this.#pending.delete(room);
    });
    pending.set(key, fresh);
    return fresh;
  }
}
