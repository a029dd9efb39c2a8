import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';
import {
  CLUSTER_PRIMARIES,
  clusterReady,
  formCluster,
  primariesOf,
  type RedisCommand,
  type RedisNode,
} from './redis-cluster.ts';
import { aclFile, cliWords, redisSettings, TESTKIT_USER, type RedisAccess } from './redis-settings.ts';
import { type StoreFolder, storeFolder } from './store-folder.ts';
import { StoreError } from './store-error.ts';
import { StoreProcess } from './store-process.ts';
import { testAuthority } from './test-authority.ts';
import { toolPath } from './tool-path.ts';

export type { RedisNode } from './redis-cluster.ts';

const run = promisify(execFile);

/** Ports chosen at random may be taken by another program before Redis listens. */
const PORT_ATTEMPTS = 3;
/** A password only has to be unlike every other. */
const PASSWORD_BYTES = 12;

/** Options of {@link startRedis}. */
export interface RedisStoreOptions {
  /** Data and logs go here and stay; default: a temporary folder, removed by `stop()`. */
  readonly dir?: string;
  /** Port of the first node, the others follow; default: free ports. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** A Redis Cluster of three primaries instead of one standalone server. Default false. */
  readonly cluster?: boolean;
  /** Replicas of each primary of a cluster. Default 0. */
  readonly replicas?: number;
  /** TLS on every port, with an authority of its own: {@link RedisStore.ca}. Default false. */
  readonly tls?: boolean;
  /** Who may log in, as lines of an ACL file (`user NAME on ...`); without them everybody may do everything. */
  readonly users?: readonly string[];
  /** Further settings by name, as in `redis.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running Redis. Data and ports stay its own after `halt()` and `kill9()`; `restart()` continues with them. */
export interface RedisStore {
  /** `redis://host:port` of the first node, `rediss:` with TLS. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `host:port` of every node. */
  readonly endpoints: string[];
  readonly nodes: readonly RedisNode[];
  /** With TLS: the authority to trust (PEM). */
  readonly ca: string | undefined;
  /** With users: one that may do everything. */
  readonly admin: { readonly username: string; readonly password: string } | undefined;
  /** Process id of the first node. */
  readonly pid: number;
  readonly dir: string;
  /** Runs one command on the first node with redis-cli and gives back what it prints. */
  command(...words: string[]): Promise<string>;
  /** The running nodes that take writes now: one, or those of the cluster after its failovers. */
  primaries(): Promise<RedisNode[]>;
  /** The primary that serves `key`, as the first running node of the cluster sees it. */
  primaryOf(key: string): Promise<RedisNode>;
  /** Deletes every key on every primary. */
  flushAll(): Promise<void>;
  /** Ends it for good: stops every node (SIGTERM) and removes a temporary folder. */
  stop(): Promise<void>;
  /** Stops every node (SIGTERM) and keeps the data for `restart()`. */
  halt(): Promise<void>;
  /** Kills every node at once (SIGKILL). Every answered write is in the append-only file by then. */
  kill9(): Promise<void>;
  /** Stops what still runs, starts all nodes on the same data and ports, and waits until they serve. */
  restart(): Promise<void>;
  /** Starts the nodes that do not run, and waits until everything serves and every replica has its data. */
  revive(): Promise<void>;
  /** Makes every node hang (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets paused nodes go on. */
  resume(): void;
}

/** What all parts of one store share. */
interface Site {
  readonly bin: string;
  readonly folder: StoreFolder;
  readonly access: RedisAccess;
  readonly options: RedisStoreOptions;
}

/**
 * Starts a real Redis and waits until it serves: 0.1 to 0.3 s; a cluster 2 to 5 s.
 *
 * @example
 * const redis = await startRedis();
 * try { await useIt(redis.url); } finally { await redis.stop(); }
 *
 * @throws {@link StoreError} with the tail of its log
 */
export async function startRedis(options: RedisStoreOptions = {}): Promise<RedisStore> {
  const bin = await toolPath('redis');
  const folder = await storeFolder(options.dir, 'redis');
  try {
    const site = { bin, folder, options, access: await prepareAccess(folder.path, options) };
    const nodes = await startNodes(site);
    if (options.cluster === true) await formCluster(nodes, commandOf(site));
    return redisStore(site, nodes);
  } catch (cause) {
    await folder.remove();
    throw cause;
  }
}

/** Certificates and users are new at every start; data of an earlier one does not depend on them. */
async function prepareAccess(dir: string, { tls, users }: RedisStoreOptions): Promise<RedisAccess> {
  const authority = tls === true ? await testAuthority(join(dir, 'tls')) : undefined;
  const acl =
    users === undefined
      ? undefined
      : { file: join(dir, 'users.acl'), password: randomBytes(PASSWORD_BYTES).toString('hex') };
  if (acl !== undefined) {
    await mkdir(dir, { recursive: true });
    await writeFile(acl.file, aclFile(acl.password, users ?? []));
  }
  return {
    tls: authority && {
      ca: authority.ca,
      caFile: authority.caFile,
      ...(await authority.issue('redis')),
    },
    acl,
  };
}

async function startNodes(site: Site): Promise<RedisNode[]> {
  const attempts = site.options.port === undefined ? PORT_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const nodes = await prepareNodes(site);
    try {
      await startAll(nodes);
      return nodes;
    } catch (cause) {
      await Promise.all(nodes.map((node) => node.process.kill9()));
      const again = cause instanceof StoreError && cause.retryable && /already in use/.test(cause.message);
      if (!again || attempt === attempts) throw cause;
    }
  }
}

async function prepareNodes({ bin, folder, access, options }: Site): Promise<RedisNode[]> {
  const host = options.host ?? '127.0.0.1';
  const cluster = options.cluster === true;
  const count = cluster ? CLUSTER_PRIMARIES * (1 + (options.replicas ?? 0)) : 1;
  const free = await freePorts(2 * count, host);
  return Array.from({ length: count }, (_, index) => {
    const port = options.port === undefined ? (free[index] ?? 0) : options.port + index;
    const place = {
      host,
      port,
      busPort: free[count + index] ?? 0,
      folder: join(folder.path, `node-${index + 1}`),
    };
    const settings = redisSettings(place, access, { cluster, overrides: options.settings ?? {} });
    const process = new StoreProcess({
      name: `Redis on port ${port}`,
      command: join(bin, 'redis-server'),
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      logFile: join(folder.path, 'logs', `redis-${index + 1}.log`),
      folder: place.folder,
      readyText: 'Ready to accept connections',
    });
    return { host, port, process };
  });
}

async function startAll(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.process.start()));
}

function commandOf({ bin, access }: Site): RedisCommand {
  return async (node, words) => {
    const way = [...cliWords(access), '-h', node.host, '-p', String(node.port)];
    try {
      const { stdout } = await run(join(bin, 'redis-cli'), [...way, ...words]);
      return stdout.trimEnd();
    } catch (cause) {
      throw new StoreError(
        'command-failed',
        `Redis on port ${node.port} failed '${words.join(' ')}': ${String(cause)}`,
        { cause },
      );
    }
  };
}

function redisStore(site: Site, nodes: readonly RedisNode[]): RedisStore {
  const [first] = nodes;
  if (first === undefined) throw new StoreError('not-running', 'this Redis has no node');
  const { access, folder, options } = site;
  const command = commandOf(site);
  const primaries = (): Promise<RedisNode[]> => primariesOf(nodes, command);
  const each = async (act: (node: RedisNode) => Promise<unknown>): Promise<void> => {
    await Promise.all(nodes.map(act));
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const node of nodes) if (node.process.running) node.process.signal(name);
  };
  const halt = (): Promise<void> => each((node) => node.process.stop());
  const revive = async (): Promise<void> => {
    await startAll(nodes);
    if (options.cluster === true) await clusterReady(nodes, command);
  };
  return {
    url: `${access.tls === undefined ? 'redis' : 'rediss'}://${first.host}:${first.port}`,
    host: first.host,
    port: first.port,
    endpoints: nodes.map((node) => `${node.host}:${node.port}`),
    nodes,
    ca: access.tls?.ca,
    admin: access.acl && { username: TESTKIT_USER, password: access.acl.password },
    get pid(): number {
      return first.process.pid;
    },
    dir: folder.path,
    command: (...words) => command(first, words),
    primaries,
    primaryOf: (key) => primaryOf(nodes, key, command),
    flushAll: async () => {
      await Promise.all((await primaries()).map((node) => command(node, ['flushall'])));
    },
    stop: async () => {
      await halt();
      await folder.remove();
    },
    halt,
    kill9: () => each((node) => node.process.kill9()),
    restart: async () => {
      await halt();
      await revive();
    },
    revive,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  };
}

/** A running node that does not serve the key says which one does. */
async function primaryOf(
  nodes: readonly RedisNode[],
  key: string,
  command: RedisCommand,
): Promise<RedisNode> {
  const [first, ...more] = await primariesOf(nodes, command);
  if (first === undefined) throw new StoreError('not-running', 'no primary of this Redis runs');
  if (more.length === 0) return first;
  const answer = await command(first, ['get', key]).catch((error: unknown) => String(error));
  const moved = /MOVED \d+ \S*:(\d+)/.exec(answer)?.[1];
  const found = nodes.find((node) => node.port === Number(moved));
  return found ?? first;
}
