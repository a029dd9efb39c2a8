import type { Connection } from '../connection/connection.ts';
import { Script } from '../connection/script.ts';
import type { Keys } from '../keys.ts';
import { locksHold, locksRelease } from '../lua/scripts.generated.ts';
import type { Locks } from './locks.ts';

const HOLD = new Script(locksHold);
const RELEASE = new Script(locksRelease);

/** {@link Locks} in Redis. */
export class RedisLocks implements Locks {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async hold(name: string, holder: string, ttlMs: number): Promise<boolean> {
    return (await HOLD.run(this.#connection, [this.#keys.lock(name)], [holder, ttlMs])) === 1;
  }

  async release(name: string, holder: string): Promise<void> {
    await RELEASE.run(this.#connection, [this.#keys.lock(name)], [holder]);
  }
}
