import type { Clock } from '@chatplatform/runtime';
import { RedisError, type RedisErrorCode } from '../errors.ts';
import type { RedisState } from '../redis.ts';
import { createClient, type Client } from './client.ts';
import type { RedisConfig } from './config.ts';
import { asRedisError, MAY_BE_DONE } from './reply-error.ts';
import { Silence } from './silence.ts';

/**
 * Nobody waits longer for an answer, ms: a server that hangs is given up after 3 s by the driver, and a slot of a
 * cluster without a primary after this time. A failover that is quicker than that goes unnoticed.
 */
const DEADLINE_MS = 5_000;

/** What this package logs with; any pino-like logger fits. */
export interface RedisLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

interface Deps {
  readonly log: RedisLog;
  readonly clock: Clock;
  readonly onFailure?: ((code: RedisErrorCode) => void) | undefined;
}

/** The commands connection of a process, and the maker of further ones. */
export class Connection {
  readonly #config: RedisConfig;
  readonly #log: RedisLog;
  readonly #clock: Clock;
  readonly #onFailure: Deps['onFailure'];
  readonly #client: Client;
  readonly #silence: Silence;
  readonly #others = new Set<Client>();
  readonly #listeners = new Set<(state: RedisState) => void>();
  #connected = false;
  #state: RedisState = 'down';
  #closed = false;
  #lastError = 'not connected yet';

  constructor(config: RedisConfig, deps: Deps) {
    this.#config = config;
    this.#log = deps.log;
    this.#clock = deps.clock;
    this.#onFailure = deps.onFailure;
    this.#client = this.#watch(createClient(config, 'commands'));
    this.#silence = new Silence({
      clock: deps.clock,
      ping: () => this.#client.ping(),
      onChange: () => this.#settleState(),
    });
    this.#client.on('ready', () => this.#setConnected(true));
    for (const event of ['close', 'end', 'reconnecting'])
      this.#client.on(event, () => this.#setConnected(false));
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
    const sentAt = this.#clock.monotonic();
    try {
      if (this.#silence.silent)
        throw new RedisError('unavailable', 'Redis does not answer; commands work again when it does');
      const reply = await this.#inTime(commands(this.#client));
      this.#silence.answered();
      return reply;
    } catch (cause) {
      const error = asRedisError(cause, this.#closed);
      if (error.code === 'timeout') this.#silence.unanswered(sentAt);
      if (error.code !== 'closed') this.#onFailure?.(error.code);
      throw error;
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
    this.#silence.stop();
    for (const client of this.#others) client.disconnect();
    this.#client.disconnect();
    this.#setConnected(false);
    return Promise.resolve();
  }

  /** The driver itself looks for the primary of a slot for 12 s and more; one server has no such search. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    if (!this.#config.cluster) return answer;
    return new Promise((resolve, reject) => {
      const message = `Redis did not answer within ${DEADLINE_MS} ms; ${MAY_BE_DONE}`;
      const timer = this.#clock.setTimeout(() => reject(new RedisError('timeout', message)), DEADLINE_MS);
      void answer.then(resolve, reject).finally(() => timer.cancel());
    });
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

  #setConnected(connected: boolean): void {
    this.#connected = connected;
    if (connected) this.#silence.answered();
    this.#settleState();
  }

  #settleState(): void {
    const state = this.#connected && !this.#silence.silent ? 'up' : 'down';
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
