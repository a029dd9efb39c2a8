import { encodePush, Limits, type Json } from '@chatplatform/protocol';
import type { Clock, Timer } from '@chatplatform/runtime';

/** Differences of a room are told at most this often. */
const COALESCE_MS = 1000;

interface Change {
  /** user -> is here now */
  users: Map<string, boolean>;
  occ: number;
  /** The number is told even when nobody is left to name. */
  corrects: boolean;
  /** Runs out when it is told. */
  timer: Timer;
}

/** What else is done with changes. */
export interface DifferencesOptions {
  /** Called for each change at once, whatever members are told. */
  onChange?: (room: string, user: string, here: boolean) => void;
  /**
   * The number of users now, when it is told; `occ` is what this gateway saw last. Each gateway tells of its own users,
   * so without it an older number of one could arrive behind a newer one of another.
   */
  recount?: (room: string, occ: number) => Promise<number>;
}

/** Collects who came and went, and tells it once per room and second. */
export class Differences {
  readonly #clock: Clock;
  readonly #tell: (room: string, frame: Json) => void;
  readonly #options: DifferencesOptions;
  #stopped = false;
  readonly #changes = new Map<string, Change>();

  constructor(clock: Clock, tell: (room: string, frame: Json) => void, options: DifferencesOptions = {}) {
    this.#clock = clock;
    this.#tell = tell;
    this.#options = options;
  }

  /** `occ` is the number of users after the change. Who comes back within the window is not mentioned. */
  note(room: string, user: string, { here, occ }: { here: boolean; occ: number }): void {
    this.#options.onChange?.(room, user, here);
    const { users } = this.#changeIn(room, occ);
    if (users.get(user) === !here) users.delete(user);
    else users.set(user, here);
  }

  /** Nobody came or went, but another number may have been told: sessions moved, or a lease came back. */
  correct(room: string, occ: number): void {
    this.#changeIn(room, occ).corrects = true;
  }

  /** What is not told yet stays untold: the gateway ends, and its members with it. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#changes.values()) timer.cancel();
    this.#changes.clear();
  }

  #changeIn(room: string, occ: number): Change {
    const pending = this.#changes.get(room);
    if (pending !== undefined) {
      pending.occ = occ;
      return pending;
    }
    const timer = this.#clock.setTimeout(() => void this.#flush(room), COALESCE_MS);
    const fresh: Change = { users: new Map(), occ, corrects: false, timer };
    this.#changes.set(room, fresh);
    return fresh;
  }

  async #flush(room: string): Promise<void> {
    const change = this.#changes.get(room);
    this.#changes.delete(room);
    if (change === undefined || (change.users.size === 0 && !change.corrects)) return;
    const { recount } = this.#options;
    const occ = recount === undefined ? change.occ : await recount(room, change.occ).catch(() => change.occ);
    if (!this.#stopped) this.#tell(room, differenceFrame(room, { users: change.users, occ }));
  }
}

/** Above the limit of a small room only the number is told: names of thousands would cost more than the messages. */
export function differenceFrame(room: string, { users, occ }: Pick<Change, 'users' | 'occ'>): Json {
  if (occ > Limits.smallRoomMembers) return encodePush({ pr: { r: room, occ } });
  const join = [...users].filter(([, here]) => here).map(([user]) => user);
  const leave = [...users].filter(([, here]) => !here).map(([user]) => user);
  return encodePush({
    pr: { r: room, ...(join.length > 0 && { join }), ...(leave.length > 0 && { leave }), occ },
  });
}
