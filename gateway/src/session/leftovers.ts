import { SESSION_KEEP_MS, type Sessions } from '@chatplatform/redis';
import type { PresenceKeeper } from '../presence/presence-keeper.ts';
import type { SessionRegistry } from './session-registry.ts';

/** What tidying up needs. */
export interface LeftoversOptions {
  incarnation: string;
  sessions: Sessions;
  presence: PresenceKeeper;
  registry: SessionRegistry;
  /** Names of the rooms with members on this gateway. */
  rooms: () => readonly string[];
}

/** How often what this gateway left in Redis is looked for. */
export const TIDY_MS = 60_000;

/**
 * Takes away what Redis says of sessions that are not here any more: ends that it did not take during an outage, or
 * took and lost. Without it such a user would seem to be here, and the connection would count, until this gateway ends.
 */
export class Leftovers {
  readonly #options: LeftoversOptions;
  #suspected = false;
  /** Found by the run before. A session that is just being made is registered before it is here. */
  #found = new Set<string>();

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** Redis was away or may have lost writes: the next run looks at presence too. */
  suspect(): void {
    this.#suspected = true;
  }

  /** Rejects when Redis cannot be reached; the next run tries again. */
  async run(): Promise<void> {
    const { presence, registry, rooms } = this.#options;
    await this.#tidySessions();
    if (!this.#suspected) return;
    this.#suspected = false;
    try {
      await presence.tidy(rooms(), (sid) => registry.get(sid) !== undefined);
    } catch (error) {
      this.#suspected = true;
      throw error;
    }
  }

  async #tidySessions(): Promise<void> {
    const { incarnation, sessions, registry } = this.#options;
    const found = new Set<string>();
    for (const [sid, user] of await sessions.heldBy(incarnation)) {
      if (registry.get(sid) !== undefined) continue;
      if (this.#found.has(sid)) await this.#end(sid, user);
      else found.add(sid);
    }
    this.#found = found;
  }

  async #end(sid: string, user: string): Promise<void> {
    const { incarnation, sessions } = this.#options;
    const stored = await sessions.get(sid);
    if (stored?.incarnation === incarnation) await sessions.suspend(sid, stored, SESSION_KEEP_MS);
    // It lives elsewhere or nowhere: only our register of it goes.
    else await sessions.remove(sid, user, { incarnation, generation: 0 });
  }
}
