import { readFileSync } from 'node:fs';
import { KafkaError } from './errors.ts';
import type { KafkaConfig, KafkaSasl } from './port/kafka.ts';

/** A connection as programs are configured: secrets are named by file. */
export interface KafkaConnectionFiles {
  readonly bootstrapServers: readonly string[];
  readonly driver?: KafkaConfig['driver'];
  readonly tls?: { readonly caFile?: string | undefined } | undefined;
  readonly sasl?:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
        readonly usernameFile: string;
        readonly passwordFile: string;
      }
    | undefined;
}

/**
 * Reads the files a connection names. White space at the end of user and password is not part of them.
 *
 * @throws KafkaError `invalid` when a file cannot be read.
 */
export function readKafkaConfig(connection: KafkaConnectionFiles, clientId: string): KafkaConfig {
  const { bootstrapServers, driver, tls, sasl } = connection;
  return {
    bootstrapServers,
    clientId,
    driver,
    ...(tls !== undefined && { tls: tls.caFile === undefined ? {} : { ca: read(tls.caFile, 'tls.caFile') } }),
    ...(sasl !== undefined && {
      sasl: {
        mechanism: sasl.mechanism.toLowerCase() as KafkaSasl['mechanism'],
        username: read(sasl.usernameFile, 'sasl.usernameFile').trimEnd(),
        password: read(sasl.passwordFile, 'sasl.passwordFile').trimEnd(),
      },
    }),
  };
}

function read(path: string, field: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KafkaError(
      'invalid',
      `kafka.${field} names ${path}, which cannot be read; mount the secret there`,
      {
        cause: error,
      },
    );
  }
}
