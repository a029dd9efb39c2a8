import { BEGINNING, type Position } from '@chatplatform/protocol';
import type { Latest, LatestPage } from '@chatplatform/redis';
import type { Beginnings } from './beginnings.ts';
import { vacantAt, type HistorySource } from './history.ts';
import type { HistoryPage } from './local-room.ts';
import type { RoomEntry } from './ring.ts';

/** Redis lost values and workers have not written them again yet: what is there is less than there is to know. */
export class NotRestored extends Error {
  constructor(room: string) {
    super(`the values of ${room} were lost and are being read from the message log`);
    this.name = 'NotRestored';
  }
}

interface Parts {
  readonly latest: Pick<Latest, 'all' | 'changes'>;
  readonly beginnings: Pick<Beginnings, 'of' | 'ofValues'>;
}

/**
 * The history of latest-value rooms: the newest value of every key. Whether these are all is asked after they were read,
 * so that a loss before the reading shows; while they are not, every reading rejects with {@link NotRestored}.
 */
export class ValueHistory implements Pick<HistorySource, 'after' | 'newest'> {
  readonly #parts: Parts;
  #isWaiting = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What the members who have seen everything up to `from` are owed: the newest change of every key, deletions too. */
  async after(room: string, from: Position): Promise<HistoryPage> {
    return this.#proven(
      async () => this.#begun(room, pageOf(await this.#parts.latest.changes(room, from), from)),
      () => this.#proveAfter(room, from),
    );
  }

  /** The value of every key; whoever wants none (`max` 0) needs no proof that these are all. */
  async newest(room: string, max: number): Promise<HistoryPage> {
    const read = async () => this.#begun(room, pageOf(await this.#parts.latest.all(room), BEGINNING));
    return max === 0 ? read() : this.#proven(read, () => this.#proveAll(room));
  }

  /** While some are not restored it is asked before the reading, too: many ask again and again then. */
  async #proven(
    read: () => Promise<HistoryPage>,
    prove: () => Promise<Partial<HistoryPage>>,
  ): Promise<HistoryPage> {
    try {
      if (this.#isWaiting) await prove();
      const page = await read();
      const proof = await prove();
      this.#isWaiting = false;
      return { ...page, ...proof };
    } catch (error) {
      this.#isWaiting ||= error instanceof NotRestored;
      throw error;
    }
  }

  async #proveAfter(room: string, from: Position): Promise<Partial<HistoryPage>> {
    const { beginnings } = this.#parts;
    const restoredFrom = await beginnings.ofValues(room);
    if (restoredFrom !== undefined) return { lost: from < restoredFrom };
    const begins = await beginnings.of(room);
    if (begins === undefined || from < begins) throw new NotRestored(room);
    return {};
  }

  async #proveAll(room: string): Promise<Partial<HistoryPage>> {
    const { beginnings } = this.#parts;
    const restoredFrom = await beginnings.ofValues(room);
    if (restoredFrom === undefined) throw new NotRestored(room);
    if (restoredFrom === BEGINNING) return { provenFrom: BEGINNING };
    // Some may have left the log before they could be restored: only who was here since then lacks none.
    const begins = await beginnings.of(room);
    if (begins === undefined) throw new NotRestored(room);
    return { provenFrom: begins };
  }

  /** Where nothing was appended since a loss the room begins behind what was restored. */
  async #begun(room: string, page: HistoryPage): Promise<HistoryPage> {
    if (page.head !== BEGINNING) return page;
    const begins = await this.#parts.beginnings.of(room);
    const { newestValue: newest = BEGINNING } = page;
    if (newest === BEGINNING || (begins !== undefined && newest <= begins))
      return { ...page, ...vacantAt(begins) };
    // It was appended between the two readings, or nothing says yet where the room begins.
    return { ...page, head: newest };
  }
}

/** Nothing is owed between two values that follow each other. */
function pageOf({ entries, head, newest }: LatestPage, from: Position): HistoryPage {
  const chained = entries.map(
    ({ id, frame }, at): RoomEntry => ({ id, p: entries[at - 1]?.id ?? from, frame }),
  );
  return { entries: chained, more: false, head, lost: false, newestValue: newest };
}
