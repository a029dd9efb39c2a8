import type { Clock } from '@chatplatform/runtime';
import { RedisError } from '../errors.ts';
import type { RedisState } from '../redis.ts';
import { createClient, type Client } from './client.ts';
import type { RedisConfig } from './config.ts';
import { asRedisError } from './reply-error.ts';

/** What this package logs with; any pino-like logger fits. */
export interface RedisLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The commands connection of a process, and the maker of further ones. */
export class Connection {
  readonly #config: RedisConfig;
  readonly #log: RedisLog;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #others = new Set<Client>();
  readonly #listeners = new Set<(state: RedisState) => void>();
  #state: RedisState = 'down';
  #closed = false;
  #lastError = 'not connected yet';

  constructor(config: RedisConfig, deps: { log: RedisLog; clock: Clock }) {
    this.#config = config;
    this.#log = deps.log;
    this.#clock = deps.clock;
    this.#client = this.#watch(createClient(config, 'commands'));
    this.#client.on('ready', () => this.#setState('up'));
    for (const event of ['close', 'end', 'reconnecting'])
      this.#client.on(event, () => this.#setState('down'));
    connectLazily(this.#client);
  }

  get state(): RedisState {
    return this.#state;
  }

  get cluster(): boolean {
    return this.#config.cluster;
  }

  onState(fn: (state: RedisState) => void): () => void {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }

  /** Runs commands; whatever the driver rejects with becomes a RedisError. */
  async run<T>(commands: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await commands(this.#client);
    } catch (error) {
      throw asRedisError(error, this.#closed);
    }
  }

  ready(timeoutMs: number): Promise<void> {
    if (this.#state === 'up') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        stop();
        reject(
          new RedisError('unavailable', `no connection to Redis after ${timeoutMs} ms: ${this.#lastError}`),
        );
      }, timeoutMs);
      const stop = this.onState((state) => {
        if (state !== 'up') return;
        timer.cancel();
        stop();
        resolve();
      });
    });
  }

  /** A connection for subscriptions, closed with this one. */
  subscriber(): Client {
    const client = this.#watch(createClient(this.#config, 'subscriber'));
    this.#others.add(client);
    connectLazily(client);
    return client;
  }

  /** Ends a connection made by {@link Connection.subscriber}. */
  drop(client: Client): void {
    this.#others.delete(client);
    client.disconnect();
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const client of this.#others) client.disconnect();
    this.#client.disconnect();
    this.#setState('down');
    return Promise.resolve();
  }

  /** The driver reports every failed attempt; said once per kind of failure, since it goes on trying. */
  #watch(client: Client): Client {
    client.on('error', (error: Error) => {
      if (this.#closed || error.message === this.#lastError) return;
      this.#lastError = error.message;
      this.#log.warn({ err: error }, 'Redis connection failed; trying again');
    });
    return client;
  }

  #setState(state: RedisState): void {
    if (state === this.#state) return;
    this.#state = state;
    if (!this.#closed) this.#log.info({ state }, `Redis is ${state}`);
    for (const fn of this.#listeners) fn(state);
  }
}

function connectLazily(client: Client): void {
  // A failed first attempt is reported by the error event and repeated by the retry strategy.
  client.connect().catch(() => undefined);
}
