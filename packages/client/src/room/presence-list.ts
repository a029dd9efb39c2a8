import { systemClock, type Clock, type Timer } from '../clock.ts';
import { Emitter } from '../emitter.ts';
import type { Person, Room } from './room.ts';

/** Options of {@link watchPresence}. */
export interface PresenceListOptions {
  /** People to list at most; in a larger room the list has the first ones by name. Default 200. */
  readonly max?: number;
  /** For tests. */
  readonly clock?: Clock;
}

/** Events of a {@link PresenceList}. */
export interface PresenceListEvents {
  /** Somebody came, went, or is known better now. */
  change: PresenceList;
}

/** Up to this many members the platform tells who came and went. */
const MAX = 200;
/** Milliseconds from a change to asking for its details: several who come at once cost one question. */
const SOON_MS = 250;
/** Milliseconds between two questions; also how long gateways may take to learn of each other's members. */
const INTERVAL_MS = 3_000;

/** Who is in a room, kept up to date. */
export class PresenceList {
  readonly #room: Room;
  readonly #max: number;
  readonly #clock: Clock;
  readonly #events = new Emitter<PresenceListEvents>();
  readonly #stops: (() => void)[];
  #people = new Map<string, Person>();
  #timer: Timer | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #again = false;
  #closed = false;

  /** @internal Made by {@link watchPresence}. */
  constructor(room: Room, { max = MAX, clock = systemClock }: PresenceListOptions) {
    this.#room = room;
    this.#max = max;
    this.#clock = clock;
    this.#stops = [
      room.on('presence', ({ join, leave }) => this.#changed(join, leave)),
      room.on('closed', () => this.close()),
    ];
    void room.ready.then(
      () => this.#soon(0),
      () => undefined,
    );
  }

  /** The people, by user, in order of their names; those who came a moment ago at the end. */
  get people(): ReadonlyMap<string, Person> {
    return this.#people;
  }

  /** How many users are here, also when not all are listed. */
  get count(): number {
    return this.#room.count;
  }

  /** Is everybody listed? */
  get complete(): boolean {
    return this.#people.size >= this.count;
  }

  /** Adds a listener; the returned function removes it. */
  on<Name extends keyof PresenceListEvents>(
    name: Name,
    listener: (event: PresenceListEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Stops watching; the list stays as it is. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const stop of this.#stops) stop();
  }

  #changed(join: readonly string[], leave: readonly string[]): void {
    for (const user of leave) this.#people.delete(user);
    for (const user of join) {
      if (!this.#people.has(user) && this.#people.size < this.#max)
        this.#people.set(user, { user, devices: 1, since: this.#clock.now() });
    }
    this.#events.emit('change', this);
    // What a push does not tell: status texts, devices, and who was here before the connection was lost.
    this.#again = true;
    this.#soon(SOON_MS);
  }

  #soon(ms: number): void {
    if (this.#timer || this.#closed) return;
    const wait = Math.max(ms, this.#askedAt + INTERVAL_MS - this.#clock.monotonic());
    this.#timer = this.#clock.setTimeout(() => void this.#ask(), wait);
  }

  async #ask(): Promise<void> {
    const again = this.#again;
    this.#again = false;
    this.#askedAt = this.#clock.monotonic();
    // Refused or gone: what pushes tell stays, and the next change asks again.
    const people = await this.#fetch().catch(() => undefined);
    this.#timer = undefined;
    if (this.#closed || !people) return;
    this.#people = people;
    this.#events.emit('change', this);
    // Once more after a change: a gateway may have answered before it knew.
    if (again || this.#again) this.#soon(INTERVAL_MS);
  }

  async #fetch(): Promise<Map<string, Person>> {
    const people = new Map<string, Person>();
    let after: string | undefined;
    do {
      const page = await this.#room.who(after === undefined ? {} : { after });
      for (const person of page.users) if (people.size < this.#max) people.set(person.user, person);
      after = page.next;
    } while (after !== undefined && people.size < this.#max);
    return people;
  }
}

/**
 * Keeps the list of who is in a room: pages through it once, follows who comes and goes, and asks again (at most every
 * 3 s) for what changes do not tell. Needs the class `presence`, which `join` asks for by default.
 *
 * In rooms of more than 200 members the platform tells only the count: the list then has its first people, and
 * {@link PresenceList.complete} is false.
 *
 * @example
 * ```ts
 * import { watchPresence } from '@chatplatform/client';
 *
 * const room = client.join('team:42');
 * const here = watchPresence(room);
 * here.on('change', ({ people, count }) => console.log(count, [...people.keys()]));
 * await room.ready;
 * here.close();
 * ```
 */
export function watchPresence(room: Room, options: PresenceListOptions = {}): PresenceList {
  return new PresenceList(room, options);
}
