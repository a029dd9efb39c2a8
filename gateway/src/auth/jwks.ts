import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { backoff, type Clock, type Random, type Timer } from '@chatplatform/runtime';
import { AuthError } from './identity.ts';
import type { FindKey, KeySource } from './keys.ts';

/** Fetches a key set; rejects when that fails. */
export type FetchKeys = (url: string) => Promise<JSONWebKeySet>;

/** Keys are renewed in the background at this age, long before anybody waits for them. */
const REFRESH_MS = 5 * 60_000;
/** Unknown key ids make us look at most this often: tokens come from strangers. */
const RENEW_INTERVAL_MS = 30_000;
/** An identity provider that does not answer in this time is down. */
const FETCH_TIMEOUT_MS = 5000;

/** What a key set needs. */
export interface JwksOptions {
  url: string;
  clock: Clock;
  random: Random;
  onError: (error: unknown) => void;
  fetchKeys?: FetchKeys;
}

/**
 * Keys of an identity provider: renewed in the background, kept while it is down (stale keys verify old and new tokens
 * as long as it did not rotate), never fetched by a handshake.
 */
export function jwks(options: JwksOptions): KeySource {
  const source = new Jwks(options);
  source.start();
  return source;
}

class Jwks implements KeySource {
  readonly #options: JwksOptions;
  readonly #retry;
  #find: FindKey | undefined;
  #fetching: Promise<boolean> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: JwksOptions) {
    this.#options = options;
    this.#retry = backoff({ base: 1000, factor: 2, max: 60_000, jitter: 0.5 }, options.random);
  }

  get ready(): boolean {
    return this.#find !== undefined;
  }

  readonly find: FindKey = async (header, token) => {
    if (this.#find === undefined) {
      throw new AuthError('unavailable', `no keys were received from ${this.#options.url} yet`);
    }
    return this.#find(header, token);
  };

  start(): void {
    void this.#fetch();
  }

  async renew(): Promise<boolean> {
    if (this.#options.clock.monotonic() - this.#fetchedAt < RENEW_INTERVAL_MS) return false;
    return this.#fetch();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #fetch(): Promise<boolean> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<boolean> {
    const { url, clock, onError, fetchKeys = fetchJson } = this.#options;
    this.#fetchedAt = clock.monotonic();
    this.#timer?.cancel();
    try {
      const set = createLocalJWKSet(await fetchKeys(url));
      this.#find = (header, token) => set(header, token);
      this.#retry.reset();
      this.#again(REFRESH_MS);
      return true;
    } catch (error) {
      onError(error);
      this.#again(this.#retry.next());
      return false;
    }
  }

  #again(ms: number): void {
    if (!this.#closed) this.#timer = this.#options.clock.setTimeout(() => void this.#fetch(), ms);
  }
}

async function fetchJson(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok)
    throw new Error(`${url} answered ${response.status}; it must be the key set of the identity provider`);
  return (await response.json()) as JSONWebKeySet;
}
