import type { Session } from './session.ts';

/** The sessions with a socket on this gateway. */
export class SessionRegistry {
  readonly #bySid = new Map<string, Session>();
  /** Most users have one: a set for each would take more than the session's own fields. */
  readonly #byUser = new Map<string, Session | Set<Session>>();

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
    const found = this.#byUser.get(user);
    if (found === undefined) return NONE;
    return setOf(found);
  }

  /** Registers; a session with the same id that is still there is returned, it has been replaced. */
  add(session: Session): Session | undefined {
    const previous = this.#bySid.get(session.sid);
    if (previous !== undefined) this.#forgetUser(previous);
    this.#bySid.set(session.sid, session);
    const others = this.#byUser.get(session.user);
    if (others === undefined) this.#byUser.set(session.user, session);
    else this.#byUser.set(session.user, setOf(others).add(session));
    return previous;
  }

  remove(session: Session): void {
    if (this.#bySid.get(session.sid) === session) this.#bySid.delete(session.sid);
    this.#forgetUser(session);
  }

  #forgetUser(session: Session): void {
    const ofUser = this.#byUser.get(session.user);
    if (ofUser instanceof Set) ofUser.delete(session);
    if (ofUser === session || (ofUser instanceof Set && ofUser.size === 0)) this.#byUser.delete(session.user);
  }
}

function setOf(found: Session | Set<Session>): Set<Session> {
  return found instanceof Set ? found : new Set([found]);
}

const NONE: ReadonlySet<Session> = new Set();
