import type { RoomOptions } from '@chatplatform/platform';
import { isPersonalRoom } from '@chatplatform/protocol';
import type { Presence } from '@chatplatform/redis';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { Session } from '../session/session.ts';
import type { Differences } from './differences.ts';

/** A lost connection is no leave until it stayed away this long: reconnects must not flicker. */
export const GRACE_MS = 10_000;
/** Leaves that Redis did not take are tried again this often. */
const OWED_RETRY_MS = 2000;

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

/** A session as presence knows it. */
type Device = Pick<Session, 'user' | 'sid'>;

/** Who is in which room, for the sessions of this gateway. Nothing here rejects: presence is told as well as can be. */
export class PresenceKeeper {
  readonly #options: PresenceKeeperOptions;
  readonly #graces = new Map<Timer, string>();
  /** Leaves that Redis did not take: without them the user would stay there for as long as this gateway lives. */
  readonly #owed = new Map<string, Device & { room: string }>();
  #retry: Timer | undefined;

  constructor(options: PresenceKeeperOptions) {
    this.#options = options;
  }

  /** The session is in the room now; returns the number of users there (0 while Redis is away). */
  async enter(session: Session, room: string): Promise<number> {
    return (await this.#enter(session, room))?.occ ?? 0;
  }

  /** Says again that the session is in the room. Others may have been told a number without it: they get the right one. */
  async reenter(session: Session, room: string): Promise<void> {
    const joined = await this.#enter(session, room);
    if (joined !== undefined) this.#options.differences.correct(room, joined.occ);
  }

  async #enter(session: Session, room: string): Promise<{ occ: number } | undefined> {
    if (!this.#counts(room)) return undefined;
    const { presence, differences, incarnation, onError } = this.#options;
    const { user, sid, info } = session;
    try {
      const { first, rose, occ } = await presence.join(room, { user, sid, incarnation, info });
      if (first) differences.note(room, user, { here: true, occ });
      else if (rose) differences.correct(room, occ);
      return { occ };
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  /** The session left the room for good. */
  async leave({ user, sid }: Device, room: string): Promise<void> {
    if (!this.#counts(room)) return;
    const { presence, differences, incarnation, onError } = this.#options;
    try {
      const { last, occ } = await presence.leave(room, { user, sid, incarnation });
      if (last) differences.note(room, user, { here: false, occ });
    } catch (error) {
      onError(error);
      this.#owed.set(`${sid} ${room}`, { user, sid, room });
      this.#retry ??= this.#options.clock.setTimeout(() => void this.#payOwed(), OWED_RETRY_MS);
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
    this.#graces.set(timer, sid);
  }

  /** Takes away what this gateway has in `rooms` for sessions that are not here: leaves that Redis took and forgot. */
  async tidy(rooms: readonly string[], isHere: (sid: string) => boolean): Promise<void> {
    const { presence, incarnation } = this.#options;
    const waiting = new Set(this.#graces.values());
    for (const room of rooms.filter((name) => this.#counts(name))) {
      const held = await presence.heldBy(room, incarnation);
      const left = held.filter(({ sid }) => !isHere(sid) && !waiting.has(sid));
      await Promise.all(left.map((device) => this.leave(device, room)));
    }
  }

  /** Sets what others read about the user in `who`. */
  async setInfo(session: Session, info: string | null): Promise<void> {
    session.info = info ?? undefined;
    const device = { user: session.user, sid: session.sid, incarnation: this.#options.incarnation };
    const rooms = [...session.rooms.keys()].filter((room) => this.#counts(room));
    await Promise.all(rooms.map((room) => this.#options.presence.setInfo(room, device, info)));
  }

  /** Sessions whose leave is still waited for or owed. */
  get waiting(): number {
    return this.#graces.size + this.#owed.size;
  }

  stop(): void {
    for (const timer of this.#graces.keys()) timer.cancel();
    this.#graces.clear();
    this.#retry?.cancel();
    this.#owed.clear();
  }

  async #payOwed(): Promise<void> {
    this.#retry = undefined;
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    const due = owed.filter(({ sid, room }) => !this.#options.isIn(sid, room));
    await Promise.all(due.map((device) => this.leave(device, device.room)));
  }

  #counts(room: string): boolean {
    return !isPersonalRoom(room) && this.#options.optionsOf(room).presence;
  }
}
