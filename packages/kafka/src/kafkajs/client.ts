import {
  Kafka as KafkaJs,
  logLevel,
  type KafkaConfig as KafkaJsConfig,
  type logCreator,
  type SASLOptions,
} from 'kafkajs';
import type { KafkaConfig, KafkaLogger, KafkaSasl, KafkaTls } from '../port/kafka.ts';
import { patchFetchResponse } from './fetch-response.ts';
import { patchRequestQueue } from './request-queue-patch.ts';

/** How patient a kafkajs client is. */
export interface Patience {
  /** Retries inside kafkajs; 0 where our own loops retry. */
  readonly retries: number;
  /** Longest wait for an answer, ms. */
  readonly requestTimeoutMs: number;
}

/** Longest wait for a TCP and TLS handshake, ms. */
const CONNECTION_TIMEOUT_MS = 3_000;
/** First and longest pause between kafkajs's own retries, ms. */
const RETRY_MS = { first: 100, max: 2_000 } as const;

/** A kafkajs client. Retries are always set: its defaults differ when NODE_ENV is "test". */
export function kafkaJsClient(config: KafkaConfig, logger: KafkaLogger, patience: Patience): KafkaJs {
  patchRequestQueue();
  patchFetchResponse();
  const options: KafkaJsConfig = {
    clientId: config.clientId,
    brokers: [...config.bootstrapServers],
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: patience.requestTimeoutMs,
    retry: {
      retries: patience.retries,
      initialRetryTime: RETRY_MS.first,
      maxRetryTime: RETRY_MS.max,
      factor: 0.2,
      multiplier: 2,
    },
    logLevel: logLevel.INFO,
    logCreator: logTo(logger),
  };
  if (config.tls !== undefined) options.ssl = tlsOptions(config.tls);
  if (config.sasl !== undefined) options.sasl = saslOptions(config.sasl);
  return new KafkaJs(options);
}

function tlsOptions(tls: KafkaTls): NonNullable<KafkaJsConfig['ssl']> {
  const { ca, cert, key, serverName } = tls;
  return {
    ...(ca !== undefined && { ca: [ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

function saslOptions({ mechanism, username, password }: KafkaSasl): SASLOptions {
  return { mechanism, username, password };
}

/** kafkajs calls every broken connection an error; here a broker that is away is a warning, the rest detail. */
function logTo(logger: KafkaLogger): logCreator {
  return () => (entry) => {
    const { message, timestamp: _, logger: __, ...fields } = entry.log;
    const line = { part: `kafkajs${entry.namespace === '' ? '' : ` ${entry.namespace}`}`, ...fields };
    if (entry.level === logLevel.ERROR || entry.level === logLevel.WARN) logger.warn(line, message);
    else logger.debug(line, message);
  };
}
