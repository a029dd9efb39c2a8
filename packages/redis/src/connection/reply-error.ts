import { RedisError } from '../errors.ts';

/** Replies of a server that is there but cannot serve now (failover, loading, full, not enough replicas). */
const PASSING =
  /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|OOM|NOREPLICAS|MISCONF|BUSY|MOVED|ASK|UNBLOCKED)\b/;

/** What a caller of a command without an answer must know. */
export const MAY_BE_DONE = 'the command may have been carried out; repeat it';

/** Turns whatever the driver rejects with into the error of this package. */
export function asRedisError(error: unknown, closed: boolean): RedisError {
  if (error instanceof RedisError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (closed)
    return new RedisError('closed', 'the Redis connection was closed by this process', { cause: error });
  if (error instanceof Error && error.name === 'ReplyError' && !PASSING.test(text)) {
    return new RedisError(
      'invalid',
      `Redis refused the command: ${text}; check user, rights and version (7.0 or newer)`,
      {
        cause: error,
      },
    );
  }
  if (text.includes('Command timed out')) {
    return new RedisError('timeout', `Redis did not answer in time; ${MAY_BE_DONE}`, {
      cause: error,
    });
  }
  return new RedisError(
    'unavailable',
    `Redis cannot be used now: ${text}; commands work again when it is back`,
    {
      cause: error,
    },
  );
}
