/** Something that is revoked. What `member` means is the gateways' business; Redis keeps it as it is. */
export interface Revocation {
  readonly member: string;
  /** When it is forgotten, ms since 1970. */
  readonly until: number;
}

/**
 * What is revoked on the platform. Gateways ask every second, so asking is one lookup as long as nothing changed;
 * a change is read as a whole, which suits some ten thousand entries.
 */
export interface Revocations {
  /** Adds entries, as one step; one that is there already keeps the later end. Entries that ended are forgotten. */
  add(entries: readonly Revocation[]): Promise<void>;
  /**
   * Everything revoked, with the version that stands for exactly this; `undefined` when that is still `known`.
   * A version never comes back, also not after writes or all keys were lost.
   */
  read(known: string | undefined): Promise<{ version: string; entries: Revocation[] } | undefined>;
}
