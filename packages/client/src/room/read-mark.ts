import { sameLog, type Position } from '@chatplatform/protocol/light';

/** Stores how far the user has read: one request at a time, and the newest position is all that counts. */
export class ReadMark {
  readonly #store: (id: Position) => Promise<unknown>;
  #wanted: Position | undefined;
  #storing: Promise<void> | undefined;

  constructor(store: (id: Position) => Promise<unknown>) {
    this.#store = store;
  }

  /** Resolves when this position, or a later one, is stored. */
  set(id: Position): Promise<void> {
    const rises = this.#wanted === undefined || !sameLog(this.#wanted, id) || id > this.#wanted;
    if (!rises) return this.#storing ?? Promise.resolve();
    this.#wanted = id;
    this.#storing ??= this.#run();
    return this.#storing;
  }

  async #run(): Promise<void> {
    let stored: Position | undefined;
    try {
      while (this.#wanted !== undefined && this.#wanted !== stored) {
        stored = this.#wanted;
        await this.#store(stored);
      }
    } catch (error) {
      // Asked again, it is tried again.
      this.#wanted = undefined;
      throw error;
    } finally {
      this.#storing = undefined;
    }
  }
}
