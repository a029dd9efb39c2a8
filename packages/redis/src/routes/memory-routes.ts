import { ensure } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import type { Routes } from './routes.ts';

/** {@link Routes} in memory. */
export class MemoryRoutes implements Routes {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  add(rooms: string | readonly string[], incarnation: string): Promise<void> {
    return this.#server.run((data) => {
      for (const room of typeof rooms === 'string' ? [rooms] : rooms) {
        ensure(data.gatewayRooms, incarnation, () => new Set<string>()).add(room);
        ensure(data.routes, room, () => new Set<string>()).add(incarnation);
      }
    });
  }

  remove(room: string, incarnation: string): Promise<void> {
    return this.#server.run((data) => {
      data.routes.get(room)?.delete(incarnation);
      data.gatewayRooms.get(incarnation)?.delete(room);
    });
  }

  missing(rooms: readonly string[], incarnation: string): Promise<string[]> {
    return this.#server.run((data) =>
      rooms.filter((room) => data.routes.get(room)?.has(incarnation) !== true),
    );
  }

  of(room: string): Promise<string[]> {
    return this.#server.run((data) => [...(data.routes.get(room) ?? [])]);
  }
}
