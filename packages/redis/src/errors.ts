/**
 * Why a Redis call failed.
 *
 * - `unavailable`: no connection, cluster down, failover under way, loading, out of memory; try later.
 * - `timeout`: no answer in time; the command may or may not have been carried out. Every command of this
 *   package may be repeated.
 * - `invalid`: a wrong argument, wrong password, or a refusal that no retry cures.
 * - `closed`: the connection was closed by this process.
 */
export type RedisErrorCode = 'unavailable' | 'timeout' | 'invalid' | 'closed';

const RETRYABLE: ReadonlySet<RedisErrorCode> = new Set(['unavailable', 'timeout']);

/** The only error this package throws or rejects with. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
  readonly code: RedisErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;

  constructor(code: RedisErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = RETRYABLE.has(code);
  }
}
