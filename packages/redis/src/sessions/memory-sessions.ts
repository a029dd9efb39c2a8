import { ensure, type MemoryData } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import type { Holder, Resumed, Session, Sessions } from './sessions.ts';

/** {@link Sessions} in memory. */
export class MemorySessions implements Sessions {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  create(
    sid: string,
    { user, incarnation }: { user: string; incarnation: string },
  ): Promise<{ generation: number }> {
    return this.#server.run((data, now) => {
      const stored = storedSession(data, sid, now);
      if (!stored) put(data, sid, { user, incarnation, generation: 1, state: 'connected' });
      return { generation: 1 };
    });
  }

  resume(sid: string, claim: { user: string; incarnation: string; generation: number }): Promise<Resumed> {
    return this.#server.run((data, now): Resumed => {
      const previous = storedSession(data, sid, now);
      if (previous && previous.user !== claim.user) return { accepted: false, reason: 'user' };
      if (previous && claim.generation < previous.generation - 1)
        return { accepted: false, reason: 'superseded' };
      const generation = Math.max(claim.generation, previous?.generation ?? 0) + 1;
      put(data, sid, { user: claim.user, incarnation: claim.incarnation, generation, state: 'connected' });
      return { accepted: true, generation, ...(previous ? { previous } : {}) };
    });
  }

  enlist(
    sid: string,
    { user, incarnation }: { user: string; incarnation: string },
    { max, live }: { max: number; live: ReadonlySet<string> },
  ): Promise<boolean> {
    return this.#server.run((data) => {
      const listed = [...(data.userSessions.get(user) ?? [])].filter(
        ([, holder]) => holder === incarnation || live.has(holder),
      );
      if (listed.some(([known]) => known === sid)) return true;
      if (listed.length >= max) return false;
      register(data, sid, user, incarnation);
      return true;
    });
  }

  markMoving(sid: string, holder: Holder): Promise<boolean> {
    return this.#mark(sid, holder, 'moving');
  }

  markConnected(sid: string, holder: Holder): Promise<boolean> {
    return this.#mark(sid, holder, 'connected');
  }

  suspend(sid: string, holder: Holder, keepMs: number): Promise<boolean> {
    return this.#server.run((data, now) => {
      const user = storedSession(data, sid, now)?.user;
      const own = heldSession(data, sid, holder, now);
      if (own) suspend(data, sid, own, now + keepMs);
      if (user !== undefined) leave(data, sid, user, { holder, own: own !== undefined, now });
      return own !== undefined;
    });
  }

  remove(sid: string, user: string, holder: Holder): Promise<boolean> {
    return this.#server.run((data, now) => {
      const own = heldSession(data, sid, holder, now) !== undefined;
      if (own) data.sessions.delete(sid);
      leave(data, sid, user, { holder, own, now });
      return own;
    });
  }

  assert(sid: string, user: string, holder: Holder): Promise<boolean> {
    return this.#server.run((data, now) => {
      const stored = storedSession(data, sid, now);
      const own = heldSession(data, sid, holder, now) !== undefined;
      if (!own && stored && stored.generation >= holder.generation) {
        leave(data, sid, user, { holder, own, now });
        return false;
      }
      const state = stored?.state === 'moving' && own ? 'moving' : 'connected';
      put(data, sid, { user, ...holder, state });
      return true;
    });
  }

  get(sid: string): Promise<Session | undefined> {
    return this.#server.run((data, now) => storedSession(data, sid, now));
  }

  heldBy(incarnation: string): Promise<Map<string, string>> {
    return this.#server.run((data) => new Map(data.gatewaySessions.get(incarnation)));
  }

  ofUser(user: string): Promise<Map<string, string>> {
    return this.#server.run((data) => new Map(data.userSessions.get(user)));
  }

  #mark(sid: string, holder: Holder, state: 'moving' | 'connected'): Promise<boolean> {
    return this.#server.run((data, now) => {
      const stored = heldSession(data, sid, holder, now);
      if (stored) data.sessions.set(sid, { session: { ...stored, state }, until: Infinity });
      return stored !== undefined;
    });
  }
}

/** Suspends what a dead gateway held; returns the sessions. */
export function sweepMemorySessions(data: MemoryData, incarnation: string, until: number): string[] {
  const swept: string[] = [];
  for (const [sid, user] of new Map(data.gatewaySessions.get(incarnation))) {
    const stored = data.sessions.get(sid)?.session;
    if (stored?.incarnation === incarnation) {
      suspend(data, sid, stored, until);
      swept.push(sid);
    }
    unregister(data, sid, user, incarnation);
  }
  return swept;
}

function storedSession(data: MemoryData, sid: string, now: number): Session | undefined {
  const stored = data.sessions.get(sid);
  return stored && stored.until > now ? stored.session : undefined;
}

function heldSession(data: MemoryData, sid: string, holder: Holder, now: number): Session | undefined {
  const stored = storedSession(data, sid, now);
  return stored?.incarnation === holder.incarnation && stored.generation === holder.generation
    ? stored
    : undefined;
}

function suspend(data: MemoryData, sid: string, session: Session, until: number): void {
  data.sessions.set(sid, { session: { ...session, state: 'suspended' }, until });
}

function put(data: MemoryData, sid: string, session: Session): void {
  data.sessions.set(sid, { session, until: Infinity });
  register(data, sid, session.user, session.incarnation);
}

function register(data: MemoryData, sid: string, user: string, incarnation: string): void {
  ensure(data.userSessions, user, () => new Map<string, string>()).set(sid, incarnation);
  ensure(data.gatewaySessions, incarnation, () => new Map<string, string>()).set(sid, user);
}

/** Ends the registers of a holder, unless the same gateway has the session in a newer generation. */
function leave(
  data: MemoryData,
  sid: string,
  user: string,
  { holder, own, now }: { holder: Holder; own: boolean; now: number },
): void {
  const isHere = storedSession(data, sid, now)?.incarnation === holder.incarnation;
  if (own || !isHere) unregister(data, sid, user, holder.incarnation);
}

function unregister(data: MemoryData, sid: string, user: string, incarnation: string): void {
  const listed = data.userSessions.get(user);
  if (listed?.get(sid) === incarnation) listed.delete(sid);
  data.gatewaySessions.get(incarnation)?.delete(sid);
}
