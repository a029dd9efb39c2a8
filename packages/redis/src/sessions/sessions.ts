/** Names one holder of a session: every change compares it first, so a late one of an old socket does nothing. */
export interface Holder {
  readonly incarnation: string;
  readonly generation: number;
}

/** A session as stored. */
export interface Session extends Holder {
  readonly user: string;
  readonly state: 'connected' | 'moving' | 'suspended';
}

/** Answer to {@link Sessions.resume}. */
export type Resumed =
  | {
      readonly accepted: true /** The new generation. */;
      readonly generation: number /** Who held it until now, if anyone did. */;
      readonly previous?: Session;
    }
  | { readonly accepted: false; readonly reason: 'superseded' | 'user' };

/** How long a session without a socket can be resumed: the life of a resume token (3 min). */
export const SESSION_KEEP_MS = 180_000;

/** Sessions of users, moved between gateways by compare-and-set on the generation. */
export interface Sessions {
  /** A new session, generation 1. `enlisted`: {@link Sessions.enlist} has just counted it, and need not do so again. */
  create(
    sid: string,
    session: { user: string; incarnation: string; enlisted?: boolean },
  ): Promise<{ generation: number }>;
  /**
   * Takes a session over with a resume token of `generation`. Accepted when that is the stored generation,
   * the one before it (once: for a client that never got the reply), or when nothing is stored.
   */
  resume(sid: string, claim: { user: string; incarnation: string; generation: number }): Promise<Resumed>;
  /**
   * Counts the session among the connections of its user, on all gateways, unless the user has `max` others on
   * `live` ones: then false, and nothing changes. To be asked before `create` and `resume`; two gateways that ask at
   * once never both get the last place.
   */
  enlist(
    sid: string,
    session: { user: string; incarnation: string },
    limit: { max: number; live: ReadonlySet<string> },
  ): Promise<boolean>;
  /** Marks that the client was told to move. False when the session is no longer this holder's. */
  markMoving(sid: string, holder: Holder): Promise<boolean>;
  /** Takes {@link Sessions.markMoving} back: the client need not move any more. */
  markConnected(sid: string, holder: Holder): Promise<boolean>;
  /** The socket is gone; the session can be resumed for `keepMs` and is then forgotten. False when no longer this holder's. */
  suspend(sid: string, holder: Holder, keepMs: number): Promise<boolean>;
  /** Removes it for good. False when no longer this holder's (its registers of the gateway are cleaned all the same). */
  remove(sid: string, user: string, holder: Holder): Promise<boolean>;
  /** Writes again what this holder has, after Redis may have lost it. False when somebody else holds a newer generation. */
  assert(sid: string, user: string, holder: Holder): Promise<boolean>;
  get(sid: string): Promise<Session | undefined>;
  /** sid → user of everything this gateway registered and did not end; after an outage more than it holds. */
  heldBy(incarnation: string): Promise<Map<string, string>>;
  /** sid → incarnation, as far as known; dead incarnations are included until swept. */
  ofUser(user: string): Promise<Map<string, string>>;
}
