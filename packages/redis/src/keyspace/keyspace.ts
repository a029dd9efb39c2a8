/**
 * - `new`: no canary, and this process never saw one: a fresh Redis, or one that lost everything before this
 *   process started. Call {@link Keyspace.establish}.
 * - `intact`: nothing points to a loss since the last call.
 * - `lost`: a canary this process knew is gone or different, or a primary was replaced (`master_replid`
 *   changed): the last writes may be missing. Said once per loss; the caller rewinds the log.
 */
export type KeyspaceState = 'new' | 'intact' | 'lost';

/** Watches whether Redis still has what was written to it. */
export interface Keyspace {
  /** Looks at the canary on every primary. `complete`: everything since the log began is in here. */
  state(): Promise<{ state: KeyspaceState; complete: boolean }>;
  /**
   * Puts canaries where there are none. `complete`: true only for a log of which nothing was consumed before
   * (a new platform); an existing canary keeps what it says.
   */
  establish(options: { complete: boolean }): Promise<void>;
}
