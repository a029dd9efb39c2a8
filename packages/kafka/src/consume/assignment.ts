/** One partition in the hands of this member. */
export interface Tenure {
  readonly id: number;
  /** False once the partition was given away, possibly to this member again under a new id. */
  held: boolean;
  /** Nothing was committed under this tenure yet. */
  fresh: boolean;
  /** Next offset to read by the group's commits; `unread` until asked for. */
  committed: number | undefined | 'unread';
  /** Asked for from outside; until a batch begins there or below. */
  wanted?: number | undefined;
}

/** What the group gave to this member, over rebalances. */
export class Assignment {
  readonly #tenures = new Map<string, Tenure>();
  #memberId: string | undefined;
  #nextId = 1;

  tenure(topic: string, partition: number): Tenure | undefined {
    return this.#tenures.get(`${topic}/${partition}`);
  }

  /**
   * Takes over a new assignment. A partition that stays with the same member id was in nobody else's
   * hands meanwhile (a member that misses a generation gets a new id), so its tenure goes on.
   */
  replace(memberId: string, assigned: Readonly<Record<string, readonly number[]>>): void {
    const sameMember = memberId === this.#memberId;
    this.#memberId = memberId;
    const keys = new Set(
      Object.entries(assigned).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    );
    for (const [key, tenure] of this.#tenures) {
      if (sameMember && keys.has(key)) continue;
      tenure.held = false;
      this.#tenures.delete(key);
    }
    for (const key of keys) {
      if (!this.#tenures.has(key))
        this.#tenures.set(key, { id: this.#nextId++, held: true, fresh: true, committed: 'unread' });
    }
  }

  clear(): void {
    this.replace('', {});
    this.#memberId = undefined;
  }
}
