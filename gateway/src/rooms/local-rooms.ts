import type { Clock, Timer } from '@chatplatform/runtime';
import { LocalRoom, type RoomSurroundings } from './local-room.ts';

/** Where workers learn which gateways have members of a room. */
export interface RouteTable {
  add(room: string, incarnation: string): Promise<unknown>;
  remove(room: string, incarnation: string): Promise<unknown>;
}

/** A room nobody is in any more keeps its route this long: reconnects and page changes come back within seconds. */
export const LINGER_MS = 30_000;

const WRITTEN: Promise<unknown> = Promise.resolve();

interface Held {
  room: LocalRoom;
  /** Resolves when the route is written; writes of one room are one chain, never two at a time. */
  route: Promise<unknown>;
  linger: Timer | undefined;
}

/** What the registry needs. */
export interface LocalRoomsOptions {
  incarnation: string;
  routes: RouteTable;
  clock: Clock;
  surroundings: RoomSurroundings;
  onRouteError: (error: unknown) => void;
}

/**
 * The rooms with members on this gateway, and their routes.
 *
 * Invariant: `enter` resolves only after the route was written, so a history read that starts then, together with
 * every push that arrives, misses nothing.
 */
export class LocalRooms {
  readonly #options: LocalRoomsOptions;
  readonly #held = new Map<string, Held>();
  /** Removals under way: a route of the same room is written after them. */
  readonly #removals = new Map<string, Promise<unknown>>();

  constructor(options: LocalRoomsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  names(): string[] {
    return [...this.#held.keys()];
  }

  get(room: string): LocalRoom | undefined {
    return this.#held.get(room)?.room;
  }

  /** One more member; rejects when the route cannot be written (the member is then not counted). */
  async enter(name: string): Promise<LocalRoom> {
    const held = this.#held.get(name) ?? this.#open(name);
    held.room.members += 1;
    held.linger?.cancel();
    held.linger = undefined;
    try {
      await held.route;
    } catch (error) {
      this.#leave(name, held);
      throw error;
    }
    return held.room;
  }

  /** One member less. */
  leave(name: string): void {
    const held = this.#held.get(name);
    if (held !== undefined) this.#leave(name, held);
  }

  #leave(name: string, held: Held): void {
    held.room.members -= 1;
    if (held.room.members > 0 || this.#held.get(name) !== held) return;
    held.linger?.cancel();
    held.linger = this.#options.clock.setTimeout(() => this.#drop(name, held), LINGER_MS);
  }

  /** Writes the route of a room again; used when somebody may have swept it. */
  async reassert(name: string): Promise<void> {
    const held = this.#held.get(name);
    if (held === undefined) return;
    const first = held.route;
    const write = first.then(() => this.#options.routes.add(name, this.#options.incarnation));
    // What stood before stands: a failure now is met by the next re-assertion, it is no reason to refuse joins. A first
    // write that is still under way and fails is one: nobody may be in a room of which no worker knows.
    const again = write.catch(() => undefined);
    held.route = first.then(() => again);
    held.route.catch(() => undefined);
    // A room whose route was never written is forgotten with its members: there is nothing to say again.
    await first.then(
      () => write,
      () => undefined,
    );
  }

  /** Ids of the newest messages delivered here. */
  *newest(): Iterable<string> {
    for (const { room } of this.#held.values()) if (room.last !== undefined) yield room.last;
  }

  /** Begins every room anew, with the members and the route it has: what was delivered belongs to another log. */
  renew(): void {
    for (const [name, held] of this.#held) {
      const { members } = held.room;
      held.room.close();
      held.room = new LocalRoom(name, this.#options.surroundings);
      held.room.members = members;
    }
  }

  /** Removes every route now; for the end of the process. */
  async releaseAll(): Promise<void> {
    for (const [name, held] of [...this.#held]) {
      held.linger?.cancel();
      this.#drop(name, held);
    }
    await Promise.all(this.#removals.values());
  }

  /** Ends without touching the routes. */
  abandon(): void {
    for (const held of this.#held.values()) {
      held.linger?.cancel();
      held.room.close();
    }
    this.#held.clear();
  }

  #open(name: string): Held {
    const before = this.#removals.get(name) ?? Promise.resolve();
    const route = before.then(() => this.#options.routes.add(name, this.#options.incarnation));
    const held: Held = { room: new LocalRoom(name, this.#options.surroundings), route, linger: undefined };
    this.#held.set(name, held);
    void route.then(
      () => {
        // The chain of writes that led here need not be kept.
        if (held.route === route) held.route = WRITTEN;
      },
      () => undefined,
    );
    // A room whose route could not be written starts anew with the next member.
    route.catch(() => this.#forget(name, held));
    return held;
  }

  #forget(name: string, held: Held): void {
    if (this.#held.get(name) !== held) return;
    this.#held.delete(name);
    held.linger?.cancel();
    held.room.close();
  }

  #drop(name: string, held: Held): void {
    this.#forget(name, held);
    const { routes, incarnation, onRouteError } = this.#options;
    const removal = held.route
      .then(() => routes.remove(name, incarnation))
      .catch(onRouteError)
      .finally(() => {
        if (this.#removals.get(name) === removal) this.#removals.delete(name);
      });
    this.#removals.set(name, removal);
  }
}
