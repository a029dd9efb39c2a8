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
   * Names the data after every loss anew, the same for every process. `undefined` while a canary is missing. Unlike
   * `state` it also tells a process of losses before its time; see {@link Keyspace.rebuiltIn}.
   */
  readonly generation: Generation | undefined;
}

/** Two generations of one life differ by the last writes before a failover; those of two lives by whatever was written. */
export interface Generation {
  /** Another one whenever a server lost everything. */
  readonly life: string;
  /** Another one also when a primary was replaced. */
  readonly name: string;
}

/** Which part of a log is in Redis as a whole. */
export interface Horizon {
  /** Of the data: what is known in one life says nothing about another. */
  readonly life: string;
  /** Every room of the partition has here what was written to it at this offset or later, as far as workers have come. */
  readonly offset: number;
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
  /** In which generation `part` (see {@link partOf}) was last rebuilt; `undefined` when nobody said so. */
  rebuiltIn(part: string): Promise<Generation | undefined>;
  /** Says that `part` is rebuilt in `generation`: what a loss before it took away was written again, from the horizon on. */
  markRebuilt(part: string, generation: Generation): Promise<void>;
  /** What workers said of `part` last, in whatever life. */
  horizon(part: string): Promise<Horizon | undefined>;
  /** Says from where on `part` is being written again, after everything was lost. */
  setHorizon(part: string, horizon: Horizon): Promise<void>;
  /**
   * From which offset of `part` on everything of `room` that workers have come to is here; 0: from the beginning.
   * `undefined`: it cannot be told now. Holds for what was read before it was asked: a loss before that reading shows.
   */
  horizonOf(room: string, part: string): Promise<number | undefined>;
}

/** Name of a partition of a log. */
export function partOf(epoch: string, topic: string, partition: number): string {
  return `${epoch} ${topic}/${partition}`;
}

/**
 * The values of the latest-value rooms of a partition: its horizon is that of what these rooms hold, which no replay from
 * the partition's own one writes again.
 */
export function valuesOf(part: string): string {
  return `${part} values`;
}
