import type { Clock } from '../clock.ts';
import { ClientError } from '../errors.ts';

/** A token, or how to get one; called again when the last one is about to expire or was not accepted. */
export type TokenSource = string | (() => string | Promise<string>);

/** Milliseconds before the end of a token at which a new one is fetched. */
const MARGIN_MS = 60_000;

/** Where tokens come from, and until when the last one is good. */
export class Tokens {
  readonly #source: TokenSource;
  readonly #clock: Clock;
  #token: string | undefined;
  #expires = Number.POSITIVE_INFINITY;
  #proven = false;

  constructor(source: TokenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Can another token be had than the one that was given? */
  get renewable(): boolean {
    return typeof this.#source === 'function';
  }

  /** A token for a hello. @throws ClientError `token` when the function fails. */
  async get(): Promise<string> {
    if (typeof this.#source === 'string') return this.#source;
    if (this.#token === undefined || this.#clock.now() >= this.#expires - MARGIN_MS) return this.renew();
    return this.#token;
  }

  /** A new token. @throws ClientError `token` when the function fails. */
  async renew(): Promise<string> {
    if (typeof this.#source === 'string') return this.#source;
    try {
      this.#token = await this.#source();
      this.#expires = Number.POSITIVE_INFINITY;
      return this.#token;
    } catch (cause) {
      throw new ClientError('token', 'the token function failed; it is called again with the next try', {
        cause,
        retryable: true,
      });
    }
  }

  /** The platform accepted the token; it ends at this time (milliseconds since 1970). */
  accepted(end: number): void {
    this.#expires = end;
    this.#proven = true;
  }

  /**
   * The platform did not accept the token. True when another one may do: it was good before, and there is
   * a function to get a new one.
   */
  rejected(): boolean {
    const hope = this.renewable && this.#proven;
    this.#token = undefined;
    this.#proven = false;
    return hope;
  }

  /**
   * Milliseconds from now until a new token should be fetched; `undefined` when there is none to be had.
   * A token that lives less than two margins is renewed at half of its time. One that has ended by this machine's clock,
   * while the platform has just accepted it, says that the clock is wrong, and no more about when to renew it.
   */
  renewIn(): number | undefined {
    if (!this.renewable || this.#expires === Number.POSITIVE_INFINITY) return undefined;
    const left = this.#expires - this.#clock.now();
    if (left <= 0) return MARGIN_MS;
    return Math.max(0, Math.max(left - MARGIN_MS, left / 2));
  }
}
