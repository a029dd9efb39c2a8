import type { MemoryServer } from '../memory/server.ts';
import type { Locks } from './locks.ts';

/** {@link Locks} in memory. */
export class MemoryLocks implements Locks {
  readonly #server: MemoryServer;

  constructor(server: MemoryServer) {
    this.#server = server;
  }

  hold(name: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.#server.run(({ locks }, now) => {
      const lock = locks.get(name);
      if (lock !== undefined && lock.until > now && lock.holder !== holder) return false;
      locks.set(name, { holder, until: now + ttlMs });
      return true;
    });
  }

  release(name: string, holder: string): Promise<void> {
    return this.#server.run(({ locks }) => {
      if (locks.get(name)?.holder === holder) locks.delete(name);
    });
  }
}
