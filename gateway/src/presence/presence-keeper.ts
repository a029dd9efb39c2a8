import type { RoomOptions } from '@chatplatform/platform';
import { isPersonalRoom } from '@chatplatform/protocol';
import type { Presence } from '@chatplatform/redis';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { Session } from '../session/session.ts';
import type { Differences } from './differences.ts';

/** A lost connection is no leave until it stayed away this long: reconnects must not flicker. */
export const GRACE_MS = 10_000;

/** What keeping presence needs. */
export interface PresenceKeeperOptions {
  incarnation: string;
  presence: Presence;
  differences: Differences;
  clock: Clock;
  optionsOf: (room: string) => RoomOptions;
  /** True when a session of this gateway with this id is in the room. */
  isIn: (sid: string, room: string) => boolean;
  onError: (error: unknown) => void;
}

/** Who is in which room, for the sessions of this gateway. Nothing here rejects: presence is told as well as can be. */
export class PresenceKeeper {
  readonly #options: PresenceKeeperOptions;
  readonly #graces = new Set<Timer>();

  constructor(options: PresenceKeeperOptions) {
    this.#options = options;
  }

  /** The session is in the room now; returns the number of users there (0 while Redis is away). */
  async enter(session: Session, room: string): Promise<number> {
    if (!this.#counts(room)) return 0;
    const { user, sid, info } = session;
    try {
      const device = { user, sid, incarnation: this.#options.incarnation };
      const { first, occ } = await this.#options.presence.join(room, { ...device, info });
      if (first) this.#options.differences.note(room, user, { here: true, occ });
      return occ;
    } catch (error) {
      this.#options.onError(error);
      return 0;
    }
  }

  /** The session left the room for good. */
  async leave(session: Pick<Session, 'user' | 'sid'>, room: string): Promise<void> {
    if (!this.#counts(room)) return;
    const { user, sid } = session;
    try {
      const device = { user, sid, incarnation: this.#options.incarnation };
      const { last, occ } = await this.#options.presence.leave(room, device);
      if (last) this.#options.differences.note(room, user, { here: false, occ });
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /**
   * The socket is gone: its rooms are left at once when the client said goodbye, else after the grace, except those
   * the session is in again by then (on another gateway the entry has another owner, and leaving does nothing).
   */
  gone(session: Session, explicit: boolean): void {
    const { user, sid } = session;
    const rooms = [...session.rooms.keys()];
    const leaveAll = (): void => {
      for (const room of rooms) if (!this.#options.isIn(sid, room)) void this.leave({ user, sid }, room);
    };
    if (explicit) {
      leaveAll();
      return;
    }
    const timer = this.#options.clock.setTimeout(() => {
      this.#graces.delete(timer);
      leaveAll();
    }, GRACE_MS);
    this.#graces.add(timer);
  }

  /** Sets what others read about the user in `who`. */
  async setInfo(session: Session, info: string | null): Promise<void> {
    session.info = info ?? undefined;
    const device = { user: session.user, sid: session.sid, incarnation: this.#options.incarnation };
    const rooms = [...session.rooms.keys()].filter((room) => this.#counts(room));
    await Promise.all(rooms.map((room) => this.#options.presence.setInfo(room, device, info)));
  }

  /** Sessions whose leave is still waited for. */
  get waiting(): number {
    return this.#graces.size;
  }

  stop(): void {
    for (const timer of this.#graces) timer.cancel();
    this.#graces.clear();
  }

  #counts(room: string): boolean {
    return !isPersonalRoom(room) && this.#options.optionsOf(room).presence;
  }
}
