/**
 * - `new`: no canary, and this process never saw one: a fresh Redis, or one that lost everything before this
 *   process started. Call {@link Keyspace.establish}.
 * - `intact`: nothing points to a loss since the last call.
 * - `lost`: a canary this process knew is gone or different, or a primary was replaced (`master_replid`
 *   changed): the last writes may be missing. Said once per loss; the caller rewinds the log.
 */
export type KeyspaceState = 'new' | 'intact' | 'lost';

/** What a look at the canaries says. */
export interface KeyspaceLook {
  readonly state: KeyspaceState;
  /** Everything since the log began is in here. */
  readonly complete: boolean;
  /**
   * Names the life of the data: the same for every process, another one after every loss. `undefined` while a canary
   * is missing. Unlike `state` it also tells a process of losses before its time; see {@link Keyspace.rebuiltIn}.
   */
  readonly generation: string | undefined;
}

/** Watches whether Redis still has what was written to it. */
export interface Keyspace {
  /** Looks at the canary on every primary. */
  state(): Promise<KeyspaceLook>;
  /**
   * Puts canaries where there are none. `complete`: true only for a log of which nothing was consumed before
   * (a new platform); an existing canary keeps what it says.
   */
  establish(options: { complete: boolean }): Promise<void>;
  /** In which generation `part` (a partition of the log) was last complete; `undefined` when nobody said so. */
  rebuiltIn(part: string): Promise<string | undefined>;
  /** Says that `part` is complete in `generation`: everything a loss before it took away was written again. */
  markRebuilt(part: string, generation: string): Promise<void>;
}
