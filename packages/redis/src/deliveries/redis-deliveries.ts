import type { Connection } from '../connection/connection.ts';
import type { Keys } from '../keys.ts';
import { DELIVERY_KEEP_MS, type Deliveries } from './deliveries.ts';

/** {@link Deliveries} in Redis: an empty string per delivery. */
export class RedisDeliveries implements Deliveries {
  readonly #connection: Connection;
  readonly #keys: Keys;

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async isDone(receiver: string, id: string): Promise<boolean> {
    const key = this.#keys.delivery(receiver, id);
    return (await this.#connection.run((client) => client.exists(key))) === 1;
  }

  async done(receiver: string, id: string): Promise<void> {
    const key = this.#keys.delivery(receiver, id);
    await this.#connection.run((client) => client.set(key, '', 'PX', DELIVERY_KEEP_MS));
  }
}
