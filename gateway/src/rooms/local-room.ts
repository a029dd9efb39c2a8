import { UNKNOWN_PREVIOUS, type Unrecovered } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import { Ring, type RingBudget, type RoomEntry } from './ring.ts';

/** Whether a room without a message is known to begin at its head, or may have had messages that were forgotten. */
export type Vacancy = 'known' | 'unknown';

/** One page of a room's history, ascending. */
export interface HistoryPage {
  entries: RoomEntry[];
  /** More messages exist in the direction of the read. */
  more: boolean;
  /** The newest message; of a room without one the position before whatever it will get. */
  head: string;
  /** Set when the room has no message as far as the source knows. */
  vacancy?: Vacancy | undefined;
  /** What follows the asked position is not complete: trimmed, or lost by the cache, and the log could not help. */
  lost: boolean;
  /** Why it is lost, when that is known. */
  reason?: Unrecovered;
  /** Where the page came from; absent = redis. */
  source?: 'redis' | 'kafka';
  /** Of all values of a latest-value room: who has this position or a later one lacks none that there ever was. */
  provenFrom?: string | undefined;
  /** Of a latest-value room: the newest change of a key that the source has, deletions too. */
  newestValue?: string;
}

/** What a room needs from the gateway around it. */
export interface RoomSurroundings {
  clock: Clock;
  budget: RingBudget;
  /** Hands messages to the sockets, in order. */
  deliver(room: string, entries: RoomEntry[]): void;
  /** One page after `from`, which with `atLeast` reaches that message; rejects while the history cannot be reached. */
  readAfter(room: LocalRoom, from: string, atLeast?: string): Promise<HistoryPage>;
  /** Counts what happened: `gap` found, `repaired` by a read, `duplicate` dropped, `unrepaired` given up. */
  count(event: 'gap' | 'repaired' | 'duplicate' | 'unrepaired'): void;
}

/** Held messages per room; what does not fit is read back from the history with the gap. */
const MAX_HELD = 256;
/** Wait between two reads of a repair that did not close the gap (or could not read). */
const REPAIR_RETRY_MS = 250;
/**
 * Reads that reached the head without closing the gap before the held messages are released as they are: about
 * 10 s, in which workers re-apply what Redis lost. Clients then apply their own gap rule.
 */
const MAX_FRUITLESS_READS = 40;
/** Of these, before the log is asked for what the history does not bring up: 2 s, as long as a worker takes as a rule. */
const FRUITLESS_BEFORE_LOG = 8;
/** What a reading of the log that met its bounds counts as: each costs as much as the bounds allow. */
const BUSY_COUNTS = 8;

/**
 * A room with members on this gateway: applies the protocol's gap rule once for all of them.
 *
 * Invariants (the property tests in this folder check them under random interleavings):
 * 1. Messages are delivered with rising ids, none twice.
 * 2. A message is delivered only when its `p` is at or below the last delivered id, or when it comes from a history
 *    read that started at the last delivered id: nothing in between is left out.
 * 3. `last` never comes from a client; it is the head of a history read or the id of a delivered message.
 * 4. The ring is an unbroken chain that ends at `last`.
 */
export class LocalRoom {
  readonly name: string;
  readonly ring = new Ring();
  /** Joined sessions on this gateway. */
  members = 0;
  readonly #around: RoomSurroundings;
  #last: string | undefined;
  /** Set where `#last` is no message, but where the room begins. */
  #vacancy: Vacancy | undefined;
  /** None in nearly every room. */
  #held: Map<string, RoomEntry> | undefined;
  #heldOverflowed = false;
  /** Newest head anybody told of; a repair ends when it was reached. */
  #target = '';
  #repair: Promise<void> | undefined;
  #closed = false;

  constructor(name: string, around: RoomSurroundings) {
    this.name = name;
    this.#around = around;
  }

  /** Id of the newest delivered message, or the head the room started from; undefined before the first read. */
  get last(): string | undefined {
    return this.#last;
  }

  /** Set while no message of the room is known here. */
  get vacancy(): Vacancy | undefined {
    return this.#vacancy;
  }

  /** Whether {@link LocalRoom.last} is a message. */
  get hasMessages(): boolean {
    return this.#last !== undefined && this.#vacancy === undefined;
  }

  get repairing(): boolean {
    return this.#repair !== undefined;
  }

  /** Starts the room at the head of a history read; later calls change nothing, but what is known of a vacant room. */
  seed(head: string, vacancy?: Vacancy): void {
    if (this.#last !== undefined && !this.#isBetterKnown(head, vacancy)) return;
    this.#last = head;
    this.#vacancy = vacancy;
    this.#releaseHeld();
    if (this.#holds) this.#startRepair();
  }

  #isBetterKnown(head: string, vacancy: Vacancy | undefined): boolean {
    if (this.#vacancy === undefined || vacancy !== 'known' || this.#last === undefined) return false;
    return head > this.#last || (head === this.#last && this.#vacancy === 'unknown');
  }

  /** A message arrived by push. */
  accept(entry: RoomEntry): void {
    if (this.#last === undefined) {
      this.#hold(entry);
      return;
    }
    if (entry.id <= this.#last) {
      this.#around.count('duplicate');
      return;
    }
    if (!this.#chains(entry)) {
      this.#around.count('gap');
      this.#hold(entry);
      this.#startRepair();
      return;
    }
    this.#deliver([entry]);
    this.#releaseHeld();
  }

  /** The history's head is known to be `head`: reads what is missing here. */
  compareHead(head: string): void {
    if (this.#last === undefined || head <= this.#last) return;
    this.#around.count('gap');
    if (head > this.#target) this.#target = head;
    this.#startRepair();
  }

  /** Resolves when everything up to `head` was delivered, or when the room gave up or closed. */
  async reach(head: string): Promise<void> {
    this.compareHead(head);
    await this.#repair;
  }

  /** Forgets everything; used when nobody is left to deliver to. */
  reset(): void {
    this.#last = undefined;
    this.#vacancy = undefined;
    this.#held = undefined;
    this.#heldOverflowed = false;
    this.#target = '';
    this.ring.clear();
    this.#around.budget.touch(this.ring);
  }

  /** Ends repairs. */
  close(): void {
    this.#closed = true;
    this.reset();
    this.#around.budget.forget(this.ring);
  }

  #chains(entry: RoomEntry): boolean {
    return entry.p !== '?' && this.#last !== undefined && entry.p <= this.#last;
  }

  #deliver(entries: RoomEntry[]): void {
    for (const entry of entries) {
      const chains = this.#chains(entry);
      if (!chains) this.ring.clear();
      this.ring.push(chains ? this.#behindLast(entry) : entry);
      this.#last = entry.id;
      this.#vacancy = undefined;
    }
    this.#around.budget.touch(this.ring);
    this.#around.deliver(this.name, entries);
  }

  /** As the ring keeps it: behind what was delivered before it here, even where whoever wrote it had forgotten that. */
  #behindLast(entry: RoomEntry): RoomEntry {
    const p = this.#vacancy === 'unknown' ? UNKNOWN_PREVIOUS : this.#last;
    return p === undefined || p === entry.p ? entry : { ...entry, p };
  }

  #hold(entry: RoomEntry): void {
    this.#held ??= new Map();
    if (this.#held.size < MAX_HELD) this.#held.set(entry.id, entry);
    else this.#heldOverflowed = true;
  }

  #releaseHeld(): void {
    if (this.#held === undefined) return;
    const ready: RoomEntry[] = [];
    let last = this.#last ?? '';
    for (const entry of [...this.#held.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      if (entry.id > last && (entry.p === '?' || entry.p > last)) break;
      this.#held.delete(entry.id);
      if (entry.id <= last) continue;
      ready.push(entry);
      last = entry.id;
    }
    if (this.#held.size === 0) this.#held = undefined;
    if (ready.length > 0) this.#deliver(ready);
  }

  /** Messages wait for what is before them. */
  get #holds(): boolean {
    return this.#held !== undefined || this.#heldOverflowed;
  }

  #startRepair(): void {
    this.#repair ??= this.#runRepair().finally(() => {
      this.#repair = undefined;
      // What came in between the last read and this line still wants its repair.
      if (!this.#closed && this.#incomplete()) this.#startRepair();
    });
  }

  #incomplete(): boolean {
    return this.#last !== undefined && (this.#holds || this.#target > this.#last);
  }

  async #runRepair(): Promise<void> {
    for (let fruitless = 0; fruitless < MAX_FRUITLESS_READS; ) {
      const outcome = await this.#readOnce(
        fruitless >= FRUITLESS_BEFORE_LOG ? this.#newestKnown() : undefined,
      );
      if (outcome === 'closed') return;
      if (outcome === 'complete') {
        this.#around.count('repaired');
        return;
      }
      if (outcome === 'more') continue;
      if (outcome === 'fruitless') fruitless += 1;
      if (outcome === 'busy') fruitless += BUSY_COUNTS;
      await this.#around.clock.sleep(REPAIR_RETRY_MS);
    }
    this.#releaseUnproven();
  }

  /** The newest message that was pushed here, or that somebody told of. */
  #newestKnown(): string {
    let newest = this.#target;
    for (const id of this.#held?.keys() ?? []) if (id > newest) newest = id;
    return newest;
  }

  async #readOnce(
    atLeast: string | undefined,
  ): Promise<'closed' | 'complete' | 'more' | 'fruitless' | 'busy' | 'unreachable'> {
    const from = this.#last;
    if (this.#closed || from === undefined) return 'closed';
    let page: HistoryPage;
    try {
      page = await this.#around.readAfter(this, from, atLeast);
    } catch {
      return 'unreachable';
    }
    if (this.#closed || this.#last === undefined) return 'closed';
    if (page.lost && page.reason === 'busy') return 'busy';
    this.#deliverPage(page);
    if (page.more) return 'more';
    // What overflowed was appended before it was pushed, so a read to the head that started later has it.
    this.#heldOverflowed = false;
    this.#releaseHeld();
    return this.#incomplete() ? 'fruitless' : 'complete';
  }

  #deliverPage(page: HistoryPage): void {
    const last = this.#last ?? '';
    const entries = page.entries.filter((entry) => entry.id > last);
    if (entries.length > 0) this.#deliver(entries);
    if (!page.lost || page.more || page.vacancy !== undefined || page.head <= (this.#last ?? '')) return;
    // Trimmed away: nothing can be delivered any more. Clients see it in the `p` of the next message.
    this.#around.count('unrepaired');
    this.ring.clear();
    this.#last = page.head;
    this.#vacancy = undefined;
  }

  /** Last resort: what is held goes out with its true `p`, so that the clients' own gap rule decides. */
  #releaseUnproven(): void {
    this.#around.count('unrepaired');
    const last = this.#last ?? '';
    const rest = [...(this.#held?.values() ?? [])].filter((entry) => entry.id > last);
    this.#held = undefined;
    this.#heldOverflowed = false;
    this.#target = '';
    if (rest.length > 0) this.#deliver(rest.sort((a, b) => (a.id < b.id ? -1 : 1)));
  }
}
