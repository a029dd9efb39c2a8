import { readFile } from 'node:fs/promises';
import { openKafka as openCluster, type Kafka, type KafkaConfig } from '@chatplatform/kafka';
import { names, type GatewayConfig } from '@chatplatform/platform';
import { openRedis, type Redis } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { GatewayError } from './errors.ts';

/** What connecting needs. */
export interface StoreDeps {
  logger: Logger;
  clock: Clock;
  random: Random;
}

/** Opens Kafka; returns at once, the connection is made (and made again) in the background. */
export async function openKafka(config: GatewayConfig, clientId: string, deps: StoreDeps): Promise<Kafka> {
  const { bootstrapServers, driver, tls, sasl } = config.kafka;
  const kafka: KafkaConfig = {
    bootstrapServers,
    driver,
    clientId,
    tls: tls && { ca: await secret('kafka.tls.caFile', tls.caFile) },
    sasl: sasl && {
      mechanism: sasl.mechanism.toLowerCase() as 'plain' | 'scram-sha-256' | 'scram-sha-512',
      username: await secret('kafka.sasl.usernameFile', sasl.usernameFile),
      password: await secret('kafka.sasl.passwordFile', sasl.passwordFile),
    },
  };
  return openCluster(kafka, deps);
}

/** Opens Redis; returns at once, the connection is made (and made again) in the background. */
export async function openStore(
  config: GatewayConfig,
  deps: StoreDeps & { onFailure(code: string): void },
): Promise<Redis> {
  const { endpoints, cluster, tls, usernameFile, passwordFile } = config.redis;
  return openRedis({
    config: {
      endpoints,
      cluster,
      tls: tls && { ca: await secret('redis.tls.caFile', tls.caFile) },
      username: await secret('redis.usernameFile', usernameFile),
      password: await secret('redis.passwordFile', passwordFile),
    },
    prefix: names(config.platform.namespace, config.platform.name).redisPrefix,
    deps,
  });
}

/** The content of a mounted secret without white space around it; `field` names it in the error. */
export async function secret<Path extends string | undefined>(
  field: string,
  path: Path,
): Promise<Path extends string ? string : string | undefined>;
export async function secret(field: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new GatewayError('config', `${field} ${path} cannot be read; mount the secret there`, {
      cause: error,
    });
  }
}
