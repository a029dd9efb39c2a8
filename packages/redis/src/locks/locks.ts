/**
 * Which process does what only one should do. A lock can be lost between two looks at it, so what is done under it must
 * be harmless when two do it for a moment.
 */
export interface Locks {
  /** Takes the lock, or renews it, until `ttlMs` from now by Redis time. False: somebody else has it. */
  hold(name: string, holder: string, ttlMs: number): Promise<boolean>;
  /** Gives it back, if it is still this holder's. */
  release(name: string, holder: string): Promise<void>;
}
