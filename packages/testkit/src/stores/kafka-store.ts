import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';
import { type BrokerPlace, serverProperties } from './kafka-settings.ts';
import { storeFolder } from './store-folder.ts';
import { StoreError } from './store-error.ts';
import { StoreProcess } from './store-process.ts';
import { testAuthority } from './test-authority.ts';
import { toolPath } from './tool-path.ts';

const run = promisify(execFile);

/** Enough for a test's topics and groups; three brokers share a machine, so each gets less. */
const HEAP_MB = { single: 256, clustered: 192 };
/** Ports chosen at random may be taken by another program before the broker listens. */
const PORT_ATTEMPTS = 3;
/** Listeners of one broker: plain, controller, secured. */
const PORTS_PER_BROKER = 3;

/** Options of {@link startKafka}. */
export interface KafkaStoreOptions {
  /** Data and logs go here and stay; default: a temporary folder, removed by `stop()`. */
  readonly dir?: string;
  /** Brokers, each also a controller: 1 (default) or 3. */
  readonly brokers?: number;
  /** Port of the first broker, the others follow; default: free ports. */
  readonly port?: number;
  /** Address to listen on and to advertise. Default 127.0.0.1. */
  readonly host?: string;
  /** `current` (default): the release the platform ships; `oldest`: the oldest line it promises to work with. */
  readonly release?: 'current' | 'oldest';
  /** Adds a listener with TLS and SCRAM-SHA-512 for this user; `secured` of the store says how to reach it. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Further `server.properties`, for tests that need another behaviour. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One broker of a {@link KafkaStore}. */
export interface Broker {
  readonly id: number;
  /** `host:port`. */
  readonly address: string;
  /** `host:port` of the listener with TLS and SCRAM-SHA-512, if the store has one. */
  readonly securedAddress: string;
  readonly process: StoreProcess;
}

/** How to reach the listeners with TLS and SCRAM-SHA-512. */
export interface SecuredListener {
  readonly bootstrapServers: string[];
  /** Certificate of the authority that signed the brokers' certificate (PEM). */
  readonly ca: string;
}

/** A running Kafka. Data and ports stay its own after `halt()` and `kill9()`; `restart()` continues with them. */
export interface KafkaStore {
  readonly bootstrapServers: string[];
  /** Only with the option `user`. */
  readonly secured: SecuredListener | undefined;
  readonly brokers: readonly Broker[];
  /** Process id of the first broker. */
  readonly pid: number;
  readonly dir: string;
  /** Ends it for good: stops every broker (SIGTERM) and removes a temporary folder. */
  stop(): Promise<void>;
  /** Stops every broker (SIGTERM) and keeps the data for `restart()`. */
  halt(): Promise<void>;
  /** Kills every broker at once (SIGKILL). */
  kill9(): Promise<void>;
  /** Stops what still runs, starts all brokers on the same data and ports, and waits until they serve. */
  restart(): Promise<void>;
  /** Makes every broker hang (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Lets paused brokers go on. */
  resume(): void;
}

/**
 * Starts a real Kafka and waits until it serves: about 3 s on a free machine, 12 s on a crowded one. The first
 * time ever it is fetched, about a minute.
 *
 * @example
 * const kafka = await startKafka();
 * try { await useIt(kafka.bootstrapServers); } finally { await kafka.stop(); }
 *
 * @throws {@link StoreError} with the tail of the broker's log
 */
export async function startKafka(options: KafkaStoreOptions = {}): Promise<KafkaStore> {
  const tool = await toolPath('kafka', options.release === 'oldest' ? ['--oldest'] : []);
  const folder = await storeFolder(options.dir, 'kafka');
  try {
    const preparation = {
      java: join(tool, 'kafka-java'),
      dir: folder.path,
      clusterId: await keptClusterId(folder.path),
      security: await securityOf(folder.path, options),
    };
    return kafkaStore(await startBrokers(preparation, options), folder, preparation.security);
  } catch (cause) {
    await folder.remove();
    throw cause;
  }
}

interface Security {
  readonly ca: string;
  readonly keystoreFile: string;
  /** As Kafka's storage tool wants a user. */
  readonly scram: string;
}

async function securityOf(dir: string, { user }: KafkaStoreOptions): Promise<Security | undefined> {
  if (user === undefined) return undefined;
  const authority = await testAuthority(join(dir, 'certificates'));
  const { certFile, keyFile } = await authority.issue('broker');
  const keystoreFile = join(dir, 'certificates', 'broker-keystore.pem');
  await writeFile(keystoreFile, (await readFile(keyFile, 'utf8')) + (await readFile(certFile, 'utf8')));
  const scram = `SCRAM-SHA-512=[name=${user.name},password=${user.password}]`;
  return { ca: authority.ca, keystoreFile, scram };
}

async function startBrokers(preparation: Preparation, options: KafkaStoreOptions): Promise<Broker[]> {
  const attempts = options.port === undefined ? PORT_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt += 1) {
    const brokers = await prepareBrokers(preparation, options);
    try {
      await startAll(brokers);
      return brokers;
    } catch (cause) {
      await Promise.all(brokers.map((broker) => broker.process.kill9()));
      const again = cause instanceof StoreError && cause.retryable && /already in use/.test(cause.message);
      if (!again || attempt === attempts) throw cause;
    }
  }
}

interface Preparation {
  readonly java: string;
  readonly dir: string;
  readonly clusterId: string;
  readonly security: Security | undefined;
}

async function prepareBrokers(preparation: Preparation, options: KafkaStoreOptions): Promise<Broker[]> {
  const host = options.host ?? '127.0.0.1';
  const places = await choosePlaces(options, host);
  return Promise.all(places.map((place) => prepareBroker(preparation, options, { host, place, places })));
}

async function choosePlaces(options: KafkaStoreOptions, host: string): Promise<BrokerPlace[]> {
  const count = options.brokers ?? 1;
  const free = await freePorts(PORTS_PER_BROKER * count, host);
  const first = options.port;
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    port: first === undefined ? (free[index] ?? 0) : first + index,
    controllerPort: free[count + index] ?? 0,
    securedPort: free[2 * count + index] ?? 0,
  }));
}

async function prepareBroker(
  { java, dir, clusterId, security }: Preparation,
  options: KafkaStoreOptions,
  { host, place, places }: { host: string; place: BrokerPlace; places: readonly BrokerPlace[] },
): Promise<Broker> {
  const dataFolder = join(dir, `data-${place.id}`);
  const settingsFile = join(dir, `broker-${place.id}.properties`);
  const overrides = options.settings ?? {};
  const keystoreFile = security?.keystoreFile;
  await writeFile(
    settingsFile,
    serverProperties({ host, broker: place, all: places, dataFolder, keystoreFile, overrides }),
  );
  if (!existsSync(join(dataFolder, 'meta.properties'))) {
    const users = security === undefined ? [] : ['--add-scram', security.scram];
    await format(java, settingsFile, ['--cluster-id', clusterId, ...users]);
  }
  const heap = `-Xmx${places.length === 1 ? HEAP_MB.single : HEAP_MB.clustered}m`;
  return {
    id: place.id,
    address: `${host}:${place.port}`,
    securedAddress: `${host}:${place.securedPort}`,
    process: new StoreProcess({
      name: `Kafka broker ${place.id}`,
      command: java,
      args: ['-Xms64m', heap, 'kafka.Kafka', settingsFile],
      logFile: join(dir, 'logs', `kafka-${place.id}.log`),
      readyText: 'Kafka Server started',
    }),
  };
}

async function format(java: string, settingsFile: string, options: readonly string[]): Promise<void> {
  const args = ['kafka.tools.StorageTool', 'format', '--config', settingsFile, ...options];
  try {
    await run(java, args);
  } catch (cause) {
    throw new StoreError(
      'command-failed',
      `Kafka could not format the data folder of ${settingsFile}: ${String(cause)}`,
      { cause },
    );
  }
}

/** The cluster id of the folder, so that brokers formatted later belong to the same cluster. */
async function keptClusterId(dir: string): Promise<string> {
  const file = join(dir, 'cluster-id');
  if (existsSync(file)) return readFile(file, 'utf8');
  // Kafka's form of a UUID; never with a leading `-`, which its command line would take for an option.
  const id = `A${randomBytes(16).toString('base64url').slice(1)}`;
  await writeFile(file, id);
  return id;
}

async function startAll(brokers: readonly Broker[]): Promise<void> {
  await Promise.all(brokers.map((broker) => broker.process.start()));
}

function kafkaStore(
  brokers: readonly Broker[],
  folder: { path: string; remove(): Promise<void> },
  security: Security | undefined,
): KafkaStore {
  const each = (act: (process: StoreProcess) => Promise<void>): Promise<unknown> =>
    Promise.all(brokers.map((broker) => act(broker.process)));
  const signal = (name: NodeJS.Signals): void => {
    for (const broker of brokers) broker.process.signal(name);
  };
  return {
    bootstrapServers: brokers.map((broker) => broker.address),
    secured: security && {
      bootstrapServers: brokers.map((broker) => broker.securedAddress),
      ca: security.ca,
    },
    brokers,
    dir: folder.path,
    get pid(): number {
      const [first] = brokers;
      if (first === undefined)
        throw new StoreError('not-running', 'this Kafka has no broker; ask for at least 1');
      return first.process.pid;
    },
    stop: async () => {
      await each((process) => process.stop());
      await folder.remove();
    },
    halt: async () => {
      await each((process) => process.stop());
    },
    kill9: async () => {
      await each((process) => process.kill9());
    },
    restart: async () => {
      await each((process) => process.stop());
      await startAll(brokers);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  };
}
