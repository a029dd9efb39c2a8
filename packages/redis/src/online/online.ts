/** Looking at a user that came: the session is written by then, and who only flickers is not told of. */
export const COMING_MS = 2_000;
/** Looking at a user that went: a reconnect is no absence. */
export const GOING_MS = 10_000;

/** A user whose state may have changed. */
export interface DueUser {
  readonly user: string;
  /** Names this entry; see {@link Online.settle}. */
  readonly mark: string;
}

/**
 * Whether users are online, as the world was told. Whoever begins or ends a session notes the user here; one process
 * looks at those who are due and tells what has changed. All time is that of Redis.
 */
export interface Online {
  /** Notes that users may have come ({@link COMING_MS}) or gone ({@link GOING_MS}). */
  note(users: readonly string[], what: 'came' | 'went'): Promise<void>;
  /** Users to look at now, longest due first. They stay due until settled. */
  due(max: number): Promise<DueUser[]>;
  /**
   * Says what is true now. Returns the time of the change, ms, while the world is to be told of it: once it was told,
   * and for what was true before, `undefined`. Who asks again after a crash gets the same time again.
   */
  turn(user: string, online: boolean): Promise<number | undefined>;
  /** The world was told of the change at `at`. */
  told(user: string, at: number): Promise<void>;
  /** The user was looked at; one that was noted again since stays due. */
  settle(entry: DueUser): Promise<void>;
}
