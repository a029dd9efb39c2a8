import type { Connection } from '../connection/connection.ts';
import type { Keys } from '../keys.ts';
import { IDEMPOTENCY_KEEP_MS, type Attempt, type Idempotency } from './idempotency.ts';

/** {@link Idempotency} in Redis: one string per key. */
export class RedisIdempotency implements Idempotency {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async begin(key: string, attempt: Attempt): Promise<Attempt | undefined> {
    const [name, text] = [this.#keys.idempotency(key), JSON.stringify(attempt)];
    const earlier = await this.#connection.run((client) =>
      client.set(name, text, 'PX', IDEMPOTENCY_KEEP_MS, 'NX', 'GET'),
    );
    return earlier === null ? undefined : (JSON.parse(earlier) as Attempt);
  }

  async finish(key: string, attempt: Attempt): Promise<void> {
    const [name, text] = [this.#keys.idempotency(key), JSON.stringify(attempt)];
    await this.#connection.run((client) => client.set(name, text, 'PX', IDEMPOTENCY_KEEP_MS));
  }

  async forget(key: string): Promise<void> {
    await this.#connection.run((client) => client.del(this.#keys.idempotency(key)));
  }
}
