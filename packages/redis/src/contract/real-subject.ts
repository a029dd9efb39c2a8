import { Cluster, Redis as Standalone } from 'ioredis';
import type { RedisConfig } from '../connection/config.ts';
import { openRedis } from '../open-redis.ts';
import type { Redis } from '../redis.ts';
import type { ContractSubject } from './subject.ts';

/** What tests on a real Redis need beside the suite's subject. */
export interface RealSubject extends ContractSubject {
  /** An opening whose keys and time are its own business; also before Redis is there. */
  openAt(prefix: string): Redis;
  /** A client of the driver, to look behind the nouns. */
  raw(): Standalone | Cluster;
  close(): Promise<void>;
}

const QUIET = { info: () => {}, warn: () => {} };
const PREFIX = 'contract.it:';
/** Long enough for a machine that does many other things at once. */
const READY_MS = 15_000;

/** A subject on real servers, which must be empty. */
export function realSubject(config: RedisConfig): RealSubject {
  const nodes = (config.endpoints ?? [config.url ?? '']).map(
    (text) => new URL(text.includes('://') ? text : `redis://${text}`),
  );
  const addresses = nodes.map((url) => ({ host: url.hostname, port: Number(url.port) }));
  const client = config.cluster
    ? new Cluster(addresses)
    : new Standalone({ ...(addresses[0] as (typeof addresses)[0]), protocol: 2, lazyConnect: true });
  const openAt = (prefix: string): Redis => openRedis({ config, prefix, deps: { logger: QUIET } });
  return {
    openAt,
    raw: () => client,
    patienceMs: 10_000,
    open: async () => {
      const redis = openAt(PREFIX);
      await redis.ready(READY_MS);
      return redis;
    },
    snapshot: async () => {
      const dumps = await dumpAll(client);
      return () => restoreAll(client, dumps);
    },
    endLease: async (incarnation) => {
      await client.zadd(`${PREFIX}gws`, Date.now() - 60_000, incarnation);
    },
    close: () => Promise.resolve(client.disconnect()),
  };
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
  return new Map(keys.map((key, at) => [key, dumps[at] as Buffer]));
}

async function restoreAll(client: Standalone | Cluster, dumps: ReadonlyMap<string, Buffer>): Promise<void> {
  const now = await keysOf(client);
  await Promise.all(now.filter((key) => !dumps.has(key)).map((key) => client.del(key)));
  await Promise.all([...dumps].map(([key, dump]) => client.restore(key, 0, dump, 'REPLACE')));
}
