/** Characters of an instance id: 124 bits, never met twice. */
export const INSTANCE_LENGTH = 24;

/** One publish that is not acknowledged yet, as a store keeps it. */
export interface StoredPublish {
  readonly room: string;
  /** Number of the publish in its room, from 1. Together with the store's `inst` it is the `cid` of the message. */
  readonly n: number;
  /** What goes over the wire: JSON text of the body of the publish. */
  readonly body: string;
  /** When it was published, milliseconds since 1970. */
  readonly at: number;
  /** From when on it may have been sent, milliseconds since 1970; missing: it certainly was not. */
  readonly sent?: number;
}

/**
 * Where unacknowledged publishes are kept, together with the identity they are published under.
 *
 * The platform recognises a repeated publish by its instance and number. So a store that outlives the page must keep
 * both, and must never be open in two clients at once: the same number for two different messages would lose one.
 * {@link openIndexedDbOutbox} is such a store; the default keeps everything in memory.
 */
export interface OutboxStore {
  /** Who publishes: 16-32 characters of `[A-Za-z0-9_-]`, the same as long as the store lives. */
  readonly inst: string;
  /** The user whose publishes these are; `undefined` until {@link OutboxStore.bind}. */
  readonly user: string | undefined;
  /** The highest number used in each room, when the store was opened. */
  readonly numbers: ReadonlyMap<string, number>;
  /** What was not acknowledged when the store was opened; in each room ascending by number. */
  readonly entries: readonly StoredPublish[];
  /** Notes whose publishes these are. */
  bind(user: string): void;
  /**
   * Adds or replaces a publish and remembers its number, both or neither. Nothing is sent before the promise has
   * resolved; `undefined`, for a store in memory, says that there is nothing to wait for.
   */
  put(entry: StoredPublish): Promise<void> | undefined;
  /** Forgets a publish that has its final answer; its number stays used. */
  delete(entry: StoredPublish): Promise<void> | undefined;
  /** The client has ended; another one may open the store. */
  close(): void;
}

/** A store that ends with its client. */
export function memoryOutbox(inst: string): OutboxStore {
  return {
    inst,
    user: undefined,
    numbers: new Map(),
    entries: [],
    bind: () => undefined,
    put: () => undefined,
    delete: () => undefined,
    close: () => undefined,
  };
}
