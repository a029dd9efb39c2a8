/** Where a partition is to be read again from. */
export interface Rewind {
  readonly topic: string;
  readonly partition: number;
  /** An offset that is in the log: not before its begin, below its end. */
  readonly offset: number;
}

/**
 * Lets whoever runs a consumer move it at any time, also where nothing new is written and so no batch comes
 * that could be answered with a seek. Given to `run`, as an AbortSignal is.
 */
export class Rewinds {
  readonly #listeners = new Set<(rewind: Rewind) => void>();

  /**
   * Has a batch that begins at `offset` delivered as soon as possible; a batch under way ends first. Nothing is
   * committed by it. Without effect on a partition that is not assigned, and lost in a rebalance: ask again
   * when `onAssigned` is called.
   */
  request(rewind: Rewind): void {
    for (const listener of this.#listeners) listener(rewind);
  }

  /** For drivers: calls `listener` with every request until the returned function is called. */
  onRequest(listener: (rewind: Rewind) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
