import type { Session } from './session.ts';

/** The sessions with a socket on this gateway. */
export class SessionRegistry {
  readonly #bySid = new Map<string, Session>();
  readonly #byUser = new Map<string, Set<Session>>();

  get size(): number {
    return this.#bySid.size;
  }

  all(): IterableIterator<Session> {
    return this.#bySid.values();
  }

  get(sid: string): Session | undefined {
    return this.#bySid.get(sid);
  }

  ofUser(user: string): ReadonlySet<Session> {
    return this.#byUser.get(user) ?? NONE;
  }

  /** Registers; a session with the same id that is still there is returned, it has been replaced. */
  add(session: Session): Session | undefined {
    const previous = this.#bySid.get(session.sid);
    if (previous !== undefined) this.#forgetUser(previous);
    this.#bySid.set(session.sid, session);
    const ofUser = this.#byUser.get(session.user) ?? new Set();
    this.#byUser.set(session.user, ofUser.add(session));
    return previous;
  }

  remove(session: Session): void {
    if (this.#bySid.get(session.sid) === session) this.#bySid.delete(session.sid);
    this.#forgetUser(session);
  }

  #forgetUser(session: Session): void {
    const ofUser = this.#byUser.get(session.user);
    ofUser?.delete(session);
    if (ofUser?.size === 0) this.#byUser.delete(session.user);
  }
}

const NONE: ReadonlySet<Session> = new Set();
