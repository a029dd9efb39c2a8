/** One message of a room as it goes to sockets: its id, the id before it in the room, and the final line. */
export interface RoomEntry {
  id: string;
  p: string;
  frame: string;
}

/** Messages kept per room: a join that overlaps with deliveries needs a few, a quick reconnect some dozens. */
export const RING_ENTRIES = 64;

/** All rings of one gateway together; the least recently used ring is emptied above it. */
export const RING_BUDGET_BYTES = 64 * 1024 * 1024;

/** The newest messages of one room, an unbroken chain by `p`. */
export class Ring {
  #entries: RoomEntry[] = [];
  #bytes = 0;

  /** Size of the kept lines in UTF-16 units, which for JSON in practice is bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Everything kept, ascending. */
  get entries(): RoomEntry[] {
    return [...this.#entries];
  }

  /** `entry` must follow the newest one; when its `p` does not chain, call `clear` first. */
  push(entry: RoomEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.frame.length;
    if (this.#entries.length <= RING_ENTRIES) return;
    const dropped = this.#entries.shift();
    this.#bytes -= dropped?.frame.length ?? 0;
  }

  /** All entries newer than `id`, or undefined when the ring cannot prove that none is missing. */
  after(id: string): RoomEntry[] | undefined {
    const first = this.#entries.findIndex((entry) => entry.id > id);
    if (first < 0) return this.#entries.length > 0 ? [] : undefined;
    const entry = this.#entries[first];
    // '?' = the platform does not know what came before: that proves nothing, although it may sort low.
    if (entry === undefined || entry.p === '?' || entry.p > id) return undefined;
    return this.#entries.slice(first);
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }
}

/** Keeps the sum of all rings of a gateway below a budget by emptying those used longest ago. */
export class RingBudget {
  readonly #limit: number;
  /** Insertion order = order of use. */
  readonly #sizes = new Map<Ring, number>();
  #total = 0;

  constructor(limitBytes: number = RING_BUDGET_BYTES) {
    this.#limit = limitBytes;
  }

  get totalBytes(): number {
    return this.#total;
  }

  /** Tells that `ring` changed or was read. */
  touch(ring: Ring): void {
    this.#total += ring.bytes - (this.#sizes.get(ring) ?? 0);
    this.#sizes.delete(ring);
    if (ring.bytes > 0) this.#sizes.set(ring, ring.bytes);
    for (const [oldest, size] of this.#sizes) {
      if (this.#total <= this.#limit) return;
      this.#sizes.delete(oldest);
      this.#total -= size;
      oldest.clear();
    }
  }

  forget(ring: Ring): void {
    this.#total -= this.#sizes.get(ring) ?? 0;
    this.#sizes.delete(ring);
  }
}
