import { Cluster, Redis as Standalone, type ClusterOptions, type RedisOptions } from 'ioredis';
import { RedisError } from '../errors.ts';
import type { RedisConfig } from './config.ts';

/** A client of the driver: one server or a cluster, the same commands. */
export type Client = Standalone | Cluster;

/** Latency-bound callers must hear of a stuck server soon; a script of this package runs well below a millisecond. */
const COMMAND_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 3_000;
/** Reconnects: 100 ms, 200 ms ... 3 s. */
const retryDelay = (attempt: number): number => Math.min(attempt * 100, 3_000);

/**
 * - `commands`: fails at once while down; nothing is queued, nothing is sent twice by the driver of one server.
 * - `subscriber`: subscriptions only; waits for its connection.
 */
export type ClientPurpose = 'commands' | 'subscriber';

/** Makes a client that is not connected yet. */
export function createClient(config: RedisConfig, purpose: ClientPurpose): Client {
  return config.cluster ? clusterClient(config, purpose) : standaloneClient(config, purpose);
}

function standaloneClient(config: RedisConfig, purpose: ClientPurpose): Standalone {
  const node = nodesOf(config)[0] as Node;
  return new Standalone({
    ...commonOptions(config, node),
    host: node.host,
    port: node.port,
    lazyConnect: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    enableAutoPipelining: purpose === 'commands',
    // 0 also empties the queue of sent commands when the connection breaks: their callers hear of it at once.
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    retryStrategy: retryDelay,
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  });
}

function clusterClient(config: RedisConfig, purpose: ClientPurpose): Cluster {
  const nodes = nodesOf(config);
  const options: Omit<ClusterOptions, 'redisOptions'> & { redisOptions: CommonOptions } = {
    lazyConnect: true,
    redisOptions: {
      ...commonOptions(config, nodes[0] as Node),
      commandTimeout: COMMAND_TIMEOUT_MS,
    },
    enableOfflineQueue: purpose === 'subscriber',
    enableAutoPipelining: purpose === 'commands',
    shardedSubscribers: purpose === 'subscriber',
    clusterRetryStrategy: retryDelay,
    clusterNodeRetryStrategy: retryDelay,
    // A failover takes the cluster's node timeout and an election: about 12 s of patience.
    retryDelayOnFailover: 500,
    retryDelayOnClusterDown: 500,
    retryDelayOnMoved: 100,
    maxRedirections: 24,
    slotsRefreshInterval: 10_000,
    slotsRefreshTimeout: 2_000,
    // With TLS the certificate names hosts, so their names are kept instead of being resolved.
    ...(tlsOptions(config, nodes[0] as Node) === undefined
      ? {}
      : { dnsLookup: (address, callback) => callback(null, address) }),
  };
  return new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    options,
  );
}

/** Options of every connection; replies keep the form of RESP2. */
type CommonOptions = Omit<RedisOptions, 'replyMapping'>;

interface Node {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
}

function commonOptions(config: RedisConfig, node: Node): CommonOptions {
  const username = config.username ?? node.username;
  const password = config.password ?? node.password;
  const tls = tlsOptions(config, node);
  return {
    protocol: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disableClientInfo: true,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function tlsOptions(config: RedisConfig, node: Node): RedisOptions['tls'] {
  if (config.tls === undefined || config.tls === false) return node.tls ? {} : undefined;
  if (config.tls === true) return {};
  const { ca, rejectUnauthorized } = config.tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
}

function nodesOf(config: RedisConfig): Node[] {
  if (config.url !== undefined) return [parseUrl(config.url)];
  const endpoints = config.endpoints ?? [];
  if (endpoints.length === 0)
    throw new RedisError('invalid', 'redis: neither url nor endpoints is set; set one of them');
  return endpoints.map((endpoint) =>
    endpoint.includes('://') ? parseUrl(endpoint) : parseUrl(`redis://${endpoint}`),
  );
}

function parseUrl(text: string): Node {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new RedisError(
      'invalid',
      `redis: "${text.replace(/\/\/.*@/, '//…@')}" is no address; write redis://host:port or host:port`,
    );
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    tls: url.protocol === 'rediss:',
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
  };
}
