import type { Holder, Resumed, Session, Sessions } from '../sessions/sessions.ts';
import type { Online } from './online.ts';

/**
 * Sessions that note whose state may have changed, before anything changes: a process that ends in between has noted
 * one user too many, never one too few.
 */
export class NotingSessions implements Sessions {
  readonly #sessions: Sessions;
  readonly #online: Online;

  constructor(sessions: Sessions, online: Online) {
    this.#sessions = sessions;
    this.#online = online;
  }

  async create(
    sid: string,
    session: { user: string; incarnation: string; enlisted?: boolean },
  ): Promise<{ generation: number }> {
    await this.#online.note([session.user], 'came');
    return this.#sessions.create(sid, session);
  }

  async resume(
    sid: string,
    claim: { user: string; incarnation: string; generation: number },
  ): Promise<Resumed> {
    await this.#online.note([claim.user], 'came');
    return this.#sessions.resume(sid, claim);
  }

  enlist(
    sid: string,
    session: { user: string; incarnation: string },
    limit: { max: number; live: ReadonlySet<string> },
  ): Promise<boolean> {
    return this.#sessions.enlist(sid, session, limit);
  }

  markMoving(sid: string, holder: Holder): Promise<boolean> {
    return this.#sessions.markMoving(sid, holder);
  }

  markConnected(sid: string, holder: Holder): Promise<boolean> {
    return this.#sessions.markConnected(sid, holder);
  }

  async suspend(sid: string, holder: Holder, keepMs: number): Promise<boolean> {
    const session = await this.#sessions.get(sid);
    if (session !== undefined) await this.#online.note([session.user], 'went');
    return this.#sessions.suspend(sid, holder, keepMs);
  }

  async remove(sid: string, user: string, holder: Holder): Promise<boolean> {
    await this.#online.note([user], 'went');
    return this.#sessions.remove(sid, user, holder);
  }

  async assert(sid: string, user: string, holder: Holder): Promise<boolean> {
    await this.#online.note([user], 'came');
    return this.#sessions.assert(sid, user, holder);
  }

  get(sid: string): Promise<Session | undefined> {
    return this.#sessions.get(sid);
  }

  heldBy(incarnation: string): Promise<Map<string, string>> {
    return this.#sessions.heldBy(incarnation);
  }

  ofUser(user: string): Promise<Map<string, string>> {
    return this.#sessions.ofUser(user);
  }
}
