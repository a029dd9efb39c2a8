/** How long a head is remembered, ms: longer than Redis can hide the loss of a write behind a failover. */
const REMEMBER_MS = 60_000;
/** Between two clean-ups, ms. */
const SWEEP_MS = 10_000;

interface Head {
  readonly head: string;
  readonly at: number;
}

/** The heads a worker wrote lately, by partition and room: how it notices that Redis forgot some. */
export class RoomHeads {
  readonly #partitions = new Map<string, Map<string, Head>>();
  #sweptAt = -Infinity;

  of(partition: string, room: string): string | undefined {
    return this.#partitions.get(partition)?.get(room)?.head;
  }

  /** @param now monotonic ms. */
  remember(partition: string, room: string, seen: { head: string; now: number }): void {
    const rooms = this.#partitions.get(partition) ?? new Map<string, Head>();
    this.#partitions.set(partition, rooms);
    // Set anew, so that the map stays in order of time and the sweep ends at the first young one.
    rooms.delete(room);
    rooms.set(room, { head: seen.head, at: seen.now });
    if (seen.now - this.#sweptAt >= SWEEP_MS) this.#sweep(seen.now);
  }

  forget(partition: string): void {
    this.#partitions.delete(partition);
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const rooms of this.#partitions.values()) {
      for (const [room, { at }] of rooms) {
        if (now - at < REMEMBER_MS) break;
        rooms.delete(room);
      }
    }
  }
}
