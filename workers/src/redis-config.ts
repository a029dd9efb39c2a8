import { readFileSync } from 'node:fs';
import type { RedisConnectionConfig } from '@chatplatform/platform';
import type { RedisConfig } from '@chatplatform/redis';
import { WorkerError } from './errors.ts';

/** Reads the files a Redis connection names. White space at the end of user and password is not part of them. */
export function readRedisConfig(connection: RedisConnectionConfig): RedisConfig {
  const { endpoints, cluster, tls, usernameFile, passwordFile } = connection;
  return {
    endpoints,
    cluster,
    ...(tls !== undefined && {
      tls: tls.caFile === undefined ? true : { ca: read(tls.caFile, 'tls.caFile') },
    }),
    ...(usernameFile !== undefined && { username: read(usernameFile, 'usernameFile').trimEnd() }),
    ...(passwordFile !== undefined && { password: read(passwordFile, 'passwordFile').trimEnd() }),
  };
}

function read(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new WorkerError(
      'start',
      `redis.${field} names ${path}, which cannot be read; mount the secret there`,
      {
        cause: error,
      },
    );
  }
}
