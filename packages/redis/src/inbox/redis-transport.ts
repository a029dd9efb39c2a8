import type { Clock } from '@chatplatform/runtime';
import type { Client } from '../connection/client.ts';
import type { Connection } from '../connection/connection.ts';
import type { Keys } from '../keys.ts';
import type { InboxTransport } from './transport.ts';

/** A refused subscription (cluster without that slot for a moment) is tried again after this time. */
const RETRY_MS = 500;

/** Sharded pub/sub: a payload travels only through the server that holds the channel's slot. */
export class RedisTransport implements InboxTransport {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #keys: Keys;

  constructor(connection: Connection, clock: Clock, keys: Keys) {
    this.#connection = connection;
    this.#clock = clock;
    this.#keys = keys;
  }

  publish(incarnation: string, payload: string): Promise<number> {
    return this.#connection.run(
      (client) => client.spublish(this.#keys.inbox(incarnation), payload) as Promise<number>,
    );
  }

  listen(
    incarnation: string,
    on: { payload(payload: string): void; reconnect(): void },
  ): Promise<{ close(): Promise<void> }> {
    const client = this.#connection.subscriber();
    let closed = false;
    const close = (): Promise<void> => {
      closed = true;
      this.#connection.drop(client);
      return Promise.resolve();
    };
    client.on('smessage', (_channel: string, payload: string) => on.payload(payload));
    return new Promise((resolve) => {
      let listening = false;
      // The driver does not subscribe again by itself (see createClient), so that the moment is known.
      client.on('ready', () => {
        const subscribed = (): void => {
          if (listening) on.reconnect();
          listening = true;
          resolve({ close });
        };
        void this.#subscribe(client, incarnation, { closed: () => closed, subscribed });
      });
    });
  }

  /** Gives up when the connection broke meanwhile: the next `ready` starts again. */
  async #subscribe(
    client: Client,
    incarnation: string,
    on: { closed(): boolean; subscribed(): void },
  ): Promise<void> {
    while (!on.closed()) {
      try {
        await client.ssubscribe(this.#keys.inbox(incarnation));
        on.subscribed();
        return;
      } catch {
        if (client.status !== 'ready') return;
        await this.#clock.sleep(RETRY_MS);
      }
    }
  }
}
