import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';
import { type StoreFolder, storeFolder } from './store-folder.ts';
import { StoreError } from './store-error.ts';
import { StoreProcess } from './store-process.ts';
import { toolPath } from './tool-path.ts';

const run = promisify(execFile);

/** Hash slots of every Redis Cluster, by its specification. */
const SLOTS = 16_384;
/** The fewest primaries among which a majority can agree on a failure. */
const CLUSTER_PRIMARIES = 3;
/** Ports chosen at random may be taken by another program before Redis listens. */
const PORT_ATTEMPTS = 3;
/** Three nodes on loopback agreed within 2 to 5 s; several times that means they never will. */
const CLUSTER_TIMEOUT_MS = 30_000;

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
  /** Further settings by name, as in `redis.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One server of a {@link RedisStore}. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  readonly process: StoreProcess;
}

/** A running Redis. Data and ports stay its own after `halt()` and `kill9()`; `restart()` continues with them. */
export interface RedisStore {
  /** `redis://host:port` of the first node. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** `host:port` of every node. */
  readonly endpoints: string[];
  readonly nodes: readonly RedisNode[];
  /** Process id of the first node. */
  readonly pid: number;
  readonly dir: string;
  /** Runs one command on the first node with redis-cli and gives back what it prints. */
  command(...words: string[]): Promise<string>;
  /** Deletes every key on every node. */
  flushAll(): Promise<void>;
  /** Ends it for good: stops every node (SIGTERM) and removes a temporary folder. */
  stop(): Promise<void>;
  /** Stops every node (SIGTERM) and keeps the data for `restart()`. */
  halt(): Promise<void>;
  /** Kills every node at once (SIGKILL). Every answered write is in the append-only file by then. */
  kill9(): Promise<void>;
  /** Stops what still runs, starts all nodes on the same data and ports, and waits until they serve. */
  restart(): Promise<void>;
  /** Makes every node hang (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets paused nodes go on. */
  resume(): void;
}

interface RedisRun {
  readonly bin: string;
  readonly folder: StoreFolder;
  readonly nodes: readonly RedisNode[];
  readonly cluster: boolean;
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
  const cluster = options.cluster ?? false;
  try {
    const nodes = await startNodes(bin, folder.path, options);
    const store = { bin, folder, nodes, cluster };
    if (cluster) await formCluster(store);
    return redisStore(store);
  } catch (cause) {
    await folder.remove();
    throw cause;
  }
}

async function startNodes(bin: string, dir: string, options: RedisStoreOptions): Promise<RedisNode[]> {
  const attempts = options.port === undefined ? PORT_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const nodes = await prepareNodes(bin, dir, options);
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

async function prepareNodes(bin: string, dir: string, options: RedisStoreOptions): Promise<RedisNode[]> {
  const host = options.host ?? '127.0.0.1';
  const count = options.cluster === true ? CLUSTER_PRIMARIES : 1;
  const free = await freePorts(2 * count, host);
  return Array.from({ length: count }, (_, index) => {
    const port = options.port === undefined ? (free[index] ?? 0) : options.port + index;
    const folder = join(dir, `node-${index + 1}`);
    const settings = nodeSettings({ host, port, folder, busPort: free[count + index] ?? 0 }, options);
    const process = new StoreProcess({
      name: `Redis on port ${port}`,
      command: join(bin, 'redis-server'),
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      logFile: join(dir, 'logs', `redis-${index + 1}.log`),
      folder,
      readyText: 'Ready to accept connections',
    });
    return { host, port, process };
  });
}

function nodeSettings(
  node: { host: string; port: number; folder: string; busPort: number },
  options: RedisStoreOptions,
): Record<string, string> {
  const cluster = {
    'cluster-enabled': 'yes',
    'cluster-port': String(node.busPort),
    'cluster-announce-ip': node.host,
    'cluster-config-file': 'nodes.conf',
    // Kill tests wait for it: the default of 15 s would make each of them slow.
    'cluster-node-timeout': '2000',
  };
  return {
    bind: node.host,
    port: String(node.port),
    dir: node.folder,
    save: '',
    // Each write reaches the kernel before its answer: it survives the death of the process.
    appendonly: 'yes',
    appendfsync: 'everysec',
    'enable-debug-command': 'local',
    ...(options.cluster === true ? cluster : {}),
    ...options.settings,
  };
}

async function startAll(nodes: readonly RedisNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.process.start()));
}

async function command(bin: string, node: RedisNode, words: readonly string[]): Promise<string> {
  try {
    // -e: an error answer ends redis-cli with a failure instead of being printed like any other.
    const { stdout } = await run(join(bin, 'redis-cli'), [
      '-e',
      '-h',
      node.host,
      '-p',
      String(node.port),
      ...words,
    ]);
    return stdout.trimEnd();
  } catch (cause) {
    throw new StoreError(
      'command-failed',
      `Redis on port ${node.port} failed '${words.join(' ')}': ${String(cause)}`,
      { cause },
    );
  }
}

/** Gives each primary its share of the slots and makes the nodes known to each other; keeps an existing cluster. */
async function formCluster(store: RedisRun): Promise<void> {
  const { bin, nodes } = store;
  const [first] = nodes;
  if (first === undefined) return;
  if (!(await clusterHolds(store, first))) {
    for (const [index, node] of nodes.entries()) {
      const from = Math.floor((index * SLOTS) / nodes.length);
      const to = Math.floor(((index + 1) * SLOTS) / nodes.length) - 1;
      await command(bin, node, ['cluster', 'set-config-epoch', String(index + 1)]);
      await command(bin, node, ['cluster', 'addslotsrange', String(from), String(to)]);
      const busPort = await command(bin, node, ['--raw', 'config', 'get', 'cluster-port']);
      await command(bin, first, [
        'cluster',
        'meet',
        node.host,
        String(node.port),
        busPort.split('\n')[1] ?? '',
      ]);
    }
  }
  await clusterReady(store);
}

async function clusterHolds(store: RedisRun, node: RedisNode): Promise<boolean> {
  const info = await command(store.bin, node, ['cluster', 'info']);
  return !/cluster_slots_assigned:0\b/.test(info);
}

async function clusterReady({ bin, nodes }: RedisRun): Promise<void> {
  const deadline = performance.now() + CLUSTER_TIMEOUT_MS;
  const wanted = new RegExp(
    `cluster_state:ok[^]*cluster_slots_ok:${SLOTS}[^]*cluster_known_nodes:${nodes.length}\\b`,
  );
  for (const node of nodes) {
    let info = await command(bin, node, ['cluster', 'info']);
    while (!wanted.test(info)) {
      if (performance.now() > deadline) {
        throw new StoreError(
          'not-ready',
          `the Redis cluster did not form within ${CLUSTER_TIMEOUT_MS / 1000} s:\n${info}`,
        );
      }
      await sleep(50);
      info = await command(bin, node, ['cluster', 'info']);
    }
  }
}

function redisStore(store: RedisRun): RedisStore {
  const { bin, folder, nodes } = store;
  const [first] = nodes;
  if (first === undefined) throw new StoreError('not-running', 'this Redis has no node');
  const each = (act: (node: RedisNode) => Promise<unknown>): Promise<unknown> => Promise.all(nodes.map(act));
  const signal = (name: NodeJS.Signals): void => {
    for (const node of nodes) node.process.signal(name);
  };
  const halt = async (): Promise<void> => {
    await each((node) => node.process.stop());
  };
  return {
    url: `redis://${first.host}:${first.port}`,
    host: first.host,
    port: first.port,
    endpoints: nodes.map((node) => `${node.host}:${node.port}`),
    nodes,
    get pid(): number {
      return first.process.pid;
    },
    dir: folder.path,
    command: (...words) => command(bin, first, words),
    flushAll: async () => {
      await each((node) => command(bin, node, ['flushall']));
    },
    stop: async () => {
      await halt();
      await folder.remove();
    },
    halt,
    kill9: async () => {
      await each((node) => node.process.kill9());
    },
    restart: async () => {
      await halt();
      await startAll(nodes);
      if (store.cluster) await clusterReady(store);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  };
}
