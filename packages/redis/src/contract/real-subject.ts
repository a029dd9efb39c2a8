import { once } from 'node:events';
import { Cluster, Redis as Standalone, type RedisOptions } from 'ioredis';
import type { RedisConfig } from '../connection/config.ts';
import { openRedis } from '../open-redis.ts';
import type { Redis } from '../redis.ts';
import { asPrograms } from './as-programs.ts';
import type { ContractSubject } from './subject.ts';

/** What tests on a real Redis need beside the suite's subject. */
export interface RealSubject extends ContractSubject {
  /** An opening whose keys and time are its own business; also before Redis is there. */
  openAt(prefix: string): Redis;
  /** A client of the driver, to look behind the nouns. */
  raw(): Standalone | Cluster;
  close(): Promise<void>;
}

/** A user and its password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Users of a Redis that knows its components apart. */
export interface Logins {
  readonly gateway: Login;
  readonly worker: Login;
  /** May do everything: the tests themselves. */
  readonly admin: Login;
}

/** The platform of the contract suite: the prefix of all its keys. */
export const CONTRACT_PREFIX = 'contract.it:';

const QUIET = { info: () => {}, warn: () => {} };
/** Long enough for a machine that does many other things at once. */
const READY_MS = 15_000;

/** A subject on real servers, which must be empty. With `logins` every noun is used as the component whose it is. */
export function realSubject(config: RedisConfig, logins?: Logins): RealSubject {
  const client = rawClient({ ...config, ...logins?.admin });
  const openAt = (prefix: string, login?: Login): Redis =>
    openRedis({ config: { ...config, ...login }, prefix, deps: { logger: QUIET } });
  return {
    openAt: (prefix) => openAt(prefix),
    raw: () => client,
    patienceMs: 10_000,
    open: async () => {
      const redis =
        logins === undefined
          ? openAt(CONTRACT_PREFIX)
          : asPrograms(openAt(CONTRACT_PREFIX, logins.gateway), openAt(CONTRACT_PREFIX, logins.worker));
      await redis.ready(READY_MS);
      await untilReady(client);
      return redis;
    },
    snapshot: async () => {
      const dumps = await dumpAll(client);
      return () => restoreAll(client, dumps);
    },
    endLease: async (incarnation) => {
      await client.zadd(`${CONTRACT_PREFIX}gws`, Date.now() - 60_000, incarnation);
    },
    close: () => Promise.resolve(client.disconnect()),
  };
}

function rawClient(config: RedisConfig): Standalone | Cluster {
  const nodes = (config.endpoints ?? [config.url ?? '']).map(
    (text) => new URL(text.includes('://') ? text : `redis://${text}`),
  );
  const addresses = nodes.map((url) => ({ host: url.hostname, port: Number(url.port) }));
  const { username, password, tls } = config;
  const options: Omit<RedisOptions, 'replyMapping'> = {
    protocol: 2,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(typeof tls === 'object' && tls.ca !== undefined ? { tls: { ca: tls.ca } } : {}),
  };
  return config.cluster
    ? new Cluster(addresses, { redisOptions: options })
    : new Standalone({ ...options, ...(addresses[0] as (typeof addresses)[0]), lazyConnect: true });
}

/** Before it knows the roles, a cluster's client takes every node for a primary, and closes some connections when it does. */
async function untilReady(client: Standalone | Cluster): Promise<void> {
  if (client instanceof Cluster && client.status !== 'ready') await once(client, 'ready');
}

function primariesOf(client: Standalone | Cluster): Standalone[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

async function keysOf(client: Standalone | Cluster): Promise<string[]> {
  const keys = await Promise.all(primariesOf(client).map((node) => node.keys('*')));
  return keys.flat();
}

async function dumpAll(client: Standalone | Cluster): Promise<Map<string, Buffer>> {
  const keys = await keysOf(client);
  const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
  // A key that ended in between has none.
  return new Map(keys.flatMap((key, at) => (dumps[at] ? [[key, dumps[at]]] : [])));
}

async function restoreAll(client: Standalone | Cluster, dumps: ReadonlyMap<string, Buffer>): Promise<void> {
  const now = await keysOf(client);
  await Promise.all(now.filter((key) => !dumps.has(key)).map((key) => client.del(key)));
  await Promise.all([...dumps].map(([key, dump]) => client.restore(key, 0, dump, 'REPLACE')));
}
