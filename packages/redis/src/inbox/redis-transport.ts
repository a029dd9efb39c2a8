import type { Clock } from '@chatplatform/runtime';
import type { Client } from '../connection/client.ts';
import type { Connection } from '../connection/connection.ts';
import type { Keys } from '../keys.ts';
import { isHotChannel } from './hot-rooms.ts';
import type { ChannelEars, InboxTransport } from './transport.ts';

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

  publish(channel: string, payload: string): Promise<number> {
    return this.#connection.run(
      (client) => client.spublish(this.#keyOf(channel), payload) as Promise<number>,
    );
  }

  listen(channels: readonly string[], on: ChannelEars): Promise<{ close(): Promise<void> }> {
    const client = this.#connection.subscriber();
    const names = new Map(channels.map((channel) => [this.#keyOf(channel), channel]));
    let closed = false;
    const close = (): Promise<void> => {
      closed = true;
      this.#connection.drop(client);
      return Promise.resolve();
    };
    client.on('smessage', (key: string, payload: string) => {
      const channel = names.get(key);
      if (channel !== undefined) on.payload(payload, channel);
    });
    return new Promise((resolve) => {
      let listening = false;
      // The driver does not subscribe again by itself (see createClient), so that the moment is known.
      client.on('ready', () => {
        const subscribing = [...names.keys()].map((key) => this.#subscribe(client, key, () => closed));
        void Promise.all(subscribing).then((subscribed) => {
          if (subscribed.includes(false)) return;
          if (listening) on.reconnect();
          listening = true;
          resolve({ close });
        });
      });
    });
  }

  #keyOf(channel: string): string {
    return isHotChannel(channel) ? this.#keys.hot(channel) : this.#keys.inbox(channel);
  }

  /** False when the connection broke meanwhile: the next `ready` starts again. */
  async #subscribe(client: Client, key: string, isClosed: () => boolean): Promise<boolean> {
    while (!isClosed()) {
      try {
        await client.ssubscribe(key);
        return true;
      } catch {
        if (client.status !== 'ready') return false;
        await this.#clock.sleep(RETRY_MS);
      }
    }
    return false;
  }
}
