import type { Connection } from '../connection/connection.ts';
import { GatheredMembers, GatheredScript } from '../connection/gathered.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { routesAdd } from '../lua/scripts.generated.ts';
import type { Routes } from './routes.ts';

const ADD = new Script(routesAdd);

/** {@link Routes} in Redis: `rt:{room}` for workers, `gr:{gw}` for the sweeper (written before, removed after). */
export class RedisRoutes implements Routes {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #registers: GatheredMembers;
  readonly #adds: GatheredScript;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
    this.#registers = new GatheredMembers(connection);
    this.#adds = new GatheredScript(connection, ADD);
  }

  async add(rooms: string | readonly string[], incarnation: string): Promise<void> {
    const all = typeof rooms === 'string' ? [rooms] : rooms;
    if (all.length === 0) return;
    await this.#registers.add(this.#keys.gatewayRooms(incarnation), all);
    await Promise.all(
      all.map((room) => this.#adds.ask({ keys: [this.#keys.routes(room)], args: [incarnation] })),
    );
  }

  async remove(room: string, incarnation: string): Promise<void> {
    await this.#connection.run((client) => client.hdel(this.#keys.routes(room), incarnation));
    await this.#connection.run((client) => client.srem(this.#keys.gatewayRooms(incarnation), room));
  }

  async missing(rooms: readonly string[], incarnation: string): Promise<string[]> {
    const there = await this.#connection.run((client) =>
      Promise.all(rooms.map((room) => client.hexists(this.#keys.routes(room), incarnation))),
    );
    return rooms.filter((_, at) => there[at] !== 1);
  }

  of(room: string): Promise<string[]> {
    return this.#connection.run((client) => client.hkeys(this.#keys.routes(room)));
  }
}
