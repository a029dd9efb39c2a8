import { BEGINNING } from '@chatplatform/protocol';
import type { Sessions } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { PresenceKeeper } from '../presence/presence-keeper.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { HistorySource } from './history.ts';
import type { LocalRooms } from './local-rooms.ts';

/** What re-asserting needs. */
export interface ReassertionOptions {
  incarnation: string;
  rooms: LocalRooms;
  registry: SessionRegistry;
  sessions: Sessions;
  presence: PresenceKeeper;
  history: HistorySource;
  clock: Clock;
  onError: (error: unknown) => void;
}

/** Rooms compared per call: one pipeline that Redis answers within a millisecond or two. */
const CHUNK = 200;
/** Pause between chunks, so that ten thousand rooms do not hold up deliveries. */
const PAUSE_MS = 20;

/** How much is done: `heads` compares, `everything` writes routes before it, and presence and sessions after it. */
type Scope = 'heads' | 'everything';

/**
 * Makes Redis say again what is true here, and finds what was missed. One run at a time; asking during a run makes
 * another one follow. Routes come before heads: what is appended after the head was read finds the route.
 */
export class Reassertion {
  readonly #options: ReassertionOptions;
  #running: Promise<void> | undefined;
  #again: Scope | undefined;

  constructor(options: ReassertionOptions) {
    this.#options = options;
  }

  /** Messages may have been missed: compares heads. */
  compare(): Promise<void> {
    return this.#request('heads');
  }

  /** Redis may have forgotten us: writes everything again, then compares heads. */
  everything(): Promise<void> {
    return this.#request('everything');
  }

  #request(scope: Scope): Promise<void> {
    if (this.#again !== 'everything') this.#again = scope;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again !== undefined) void this.#request(this.#again);
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again !== undefined) {
      const scope = this.#again;
      this.#again = undefined;
      try {
        await this.#rooms(scope);
        if (scope === 'everything') await this.#sessions();
      } catch (error) {
        // The next return of Redis, gap or audit asks again.
        this.#options.onError(error);
      }
    }
  }

  async #rooms(scope: Scope): Promise<void> {
    const { rooms, clock } = this.#options;
    const names = rooms.names();
    for (let from = 0; from < names.length; from += CHUNK) {
      if (from > 0) await clock.sleep(PAUSE_MS);
      const chunk = names.slice(from, from + CHUNK);
      if (scope !== 'heads') await Promise.all(chunk.map((room) => rooms.reassert(room)));
      await this.#heads(chunk);
    }
  }

  async #heads(names: readonly string[]): Promise<void> {
    const heads = await this.#options.history.heads(names);
    for (const [index, name] of names.entries()) {
      this.#options.rooms.get(name)?.compareHead(heads[index] ?? BEGINNING);
    }
  }

  async #sessions(): Promise<void> {
    const { registry, sessions, presence, incarnation } = this.#options;
    for (const session of [...registry.all()]) {
      const { sid, user, generation } = session;
      await sessions.assert(sid, user, { incarnation, generation });
      await Promise.all([...session.rooms.keys()].map((room) => presence.reenter(session, room)));
    }
  }
}
