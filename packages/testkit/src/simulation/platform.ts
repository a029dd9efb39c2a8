import { Lane, startGateway, type Host, type RunningGateway } from '@chatplatform/gateway';
import type { Kafka } from '@chatplatform/kafka';
import { GatewayConfig, names, WorkerConfig } from '@chatplatform/platform';
import type { Redis } from '@chatplatform/redis';
import { seededRandom, type Random } from '@chatplatform/runtime';
import { startWorker, type RunningWorker } from '@chatplatform/workers';
import type { AdminHandler } from '@chatplatform/telemetry';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { Network } from './network.ts';
import type { PlantedFault } from './planted/planted-fault.ts';
import type { SimKafka } from './sim-kafka.ts';
import { simLogger } from './sim-logger.ts';
import { SimProcess } from './sim-process.ts';
import type { SimRedis } from './sim-redis.ts';
import type { VirtualTime } from './virtual-time.ts';

const IDENTITY = { namespace: 'sim', name: 'chat' };
/** Names of everything the simulated platform has outside of its processes. */
export const NAMES = names(IDENTITY.namespace, IDENTITY.name);
/** Partitions of the message log: two, so that order and rebalances across partitions are there. */
export const PARTITIONS = 2;

const STORES = { kafka: { bootstrapServers: ['sim:1'] }, redis: { endpoints: ['sim:1'] } };
/** Some rooms keep so little that whoever is away for a moment needs the log itself. */
const ROOMS = [
  { prefix: 'team', historySize: 4 },
  { prefix: 'state', kind: 'latest' },
];
const GATEWAY_CONFIG = GatewayConfig.parse({
  platform: IDENTITY,
  ...STORES,
  rooms: ROOMS,
  auth: { issuer: 'sim', audience: 'chat', algorithms: ['HS256'], key: { file: 'sim' } },
  drain: { startDelaySeconds: 1, timeoutSeconds: 8 },
});
const WORKER_CONFIG = WorkerConfig.parse({ platform: IDENTITY, ...STORES, rooms: ROOMS });
const RESUME_KEY = Buffer.alloc(32, 7);
/** Tokens outlive every run: what expires is the business of other tests. */
const TOKEN_MS = 86_400_000;
/** A group notices a dead member after this time (the workers' session timeout), ms. */
export const SESSION_TIMEOUT_MS = 10_000;
/** Share of runs with rules. */
const MODERATED = 0.15;
/** Widest error of a process's wall clock, ms: what NTP leaves on a bad day. */
const SKEW_MS = 1_500;

/** What the platform runs in. */
export interface PlatformParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  readonly kafka: SimKafka;
  readonly redis: SimRedis;
  readonly network: Network;
  readonly planted: PlantedFault | undefined;
}

interface Program<Running> {
  readonly process: SimProcess;
  /** Undefined until it has started. */
  running: Running | undefined;
  /** It is on its way out; nothing more is done to it. */
  leaving: boolean;
}

export interface GatewayProgram extends Program<RunningGateway> {
  /** Its admin HTTP, by method and path. */
  admin: Readonly<Record<string, AdminHandler>>;
}
export type WorkerProgram = Program<RunningWorker>;

/** The programs of the platform, each in a process of its own. */
export class Platform {
  readonly gateways: GatewayProgram[] = [];
  readonly workers: WorkerProgram[] = [];
  /** Workers may refuse messages, as far as gateways know, so the log alone proves little. */
  readonly moderated: boolean;
  readonly #parts: PlatformParts;
  #started = 0;

  constructor(parts: PlatformParts) {
    this.#parts = parts;
    this.moderated = parts.dice.chance(MODERATED);
  }

  /** Topics and epoch, as the operator makes them; the epoch. */
  async prepare(): Promise<string> {
    const { messages, events, deadLetters, control } = NAMES.topics;
    const admin = this.#parts.kafka.cluster.admin();
    await admin.ensureTopics(
      [messages, events, deadLetters, control].map((name) => ({
        name,
        partitions: name === messages ? PARTITIONS : 1,
        replicationFactor: 1,
      })),
    );
    return admin.ensureEpoch(control);
  }

  /** A new process with a clock of its own. */
  process(kind: string): SimProcess {
    const { time, dice } = this.#parts;
    this.#started += 1;
    return new SimProcess(`${kind}-${this.#started}`, time, Math.floor(dice.between(-SKEW_MS, SKEW_MS)));
  }

  startGateway(): GatewayProgram {
    const process = this.process('gateway');
    const program: GatewayProgram = { process, running: undefined, leaving: false, admin: {} };
    this.gateways.push(program);
    const deps = {
      ...this.#deps(process),
      logger: simLogger(process, this.#parts.journal),
      host: this.#host(program),
    };
    void startGateway({ ...GATEWAY_CONFIG, moderated: this.moderated }, deps).then((running) => {
      program.running = running;
    });
    return program;
  }

  startWorker(): WorkerProgram {
    const process = this.process('worker');
    const program: WorkerProgram = { process, running: undefined, leaving: false };
    this.workers.push(program);
    const deps = {
      ...this.#deps(process),
      logger: simLogger(process, this.#parts.journal),
      processMetrics: false,
      listenAdmin: noAdmin,
      utilization: this.#utilization,
      // Every other worker sends to all gateways where a room has members on two; the rest to those two.
      hotAbove: this.#started % 2 === 0 ? 1 : undefined,
    };
    void startWorker(WORKER_CONFIG, deps).then((running) => {
      program.running = running;
    });
    return program;
  }

  /** Ends a gateway as SIGKILL does; `silent` as the loss of its machine does. */
  killGateway(program: GatewayProgram, silent: boolean): void {
    program.leaving = true;
    program.process.kill();
    this.#parts.network.gone(program.process, silent);
    remove(this.gateways, program);
  }

  /** Ends a worker as SIGKILL does; the group notices later. */
  killWorker(program: WorkerProgram): void {
    const { time, kafka } = this.#parts;
    program.leaving = true;
    program.process.kill();
    remove(this.workers, program);
    time.after(SESSION_TIMEOUT_MS, () => kafka.evict(program.process));
  }

  /** SIGTERM: drains, closes, exits. */
  async retireGateway(program: GatewayProgram): Promise<void> {
    program.leaving = true;
    await program.running?.drain('simulation');
    await program.running?.close();
    if (program.process.alive) this.killGateway(program, false);
  }

  /** What an operator asks of a gateway by its admin HTTP; the status of the answer. */
  async ask(program: GatewayProgram, call: 'POST /drain' | 'DELETE /drain'): Promise<number> {
    const [method = '', path = ''] = call.split(' ');
    const at = { query: new URLSearchParams(), headers: {}, remoteAddress: '127.0.0.1', loopback: true };
    const reply = await program.admin[call]?.({ method, path, ...at, body: undefined });
    return reply?.status ?? 404;
  }

  /** SIGTERM: finishes its batch, leaves the group, exits. */
  async retireWorker(program: WorkerProgram): Promise<void> {
    program.leaving = true;
    await program.running?.close();
    program.process.kill();
    remove(this.workers, program);
  }

  #deps(process: SimProcess): { kafka: Kafka; redis: Redis; clock: SimProcess['clock']; random: Random } {
    const { kafka, redis, dice, planted } = this.#parts;
    const random = seededRandom(Math.floor(dice.random.next() * 2 ** 32));
    const stores = { kafka: kafka.open(process, random), redis: redis.open(process) };
    const isGateway = process.name.startsWith('gateway');
    const broken = planted?.stores?.(stores, { process, dice, program: isGateway ? 'gateway' : 'worker' });
    return { ...stores, ...broken, clock: process.clock, random };
  }

  /** Most programs have time, some are as busy as can be. */
  readonly #utilization = (): number => {
    const { dice } = this.#parts;
    return dice.chance(0.2) ? dice.random.next() : 0;
  };

  #host(program: GatewayProgram): Host {
    const { network, time, planted } = this.#parts;
    const { process } = program;
    return {
      listen: network.listenIn(process),
      listenAdmin: ({ routes = {} }) => {
        program.admin = routes;
        return noAdmin();
      },
      authenticate: () => Promise.resolve({ verifier: anybody(process), resumeKey: RESUME_KEY }),
      lane: (ports) => new Lane(planted?.lane?.(ports) ?? ports),
      soon: (fn) => void time.after(0, fn),
      utilization: this.#utilization,
      processMetrics: false,
    };
  }
}

/** The token is the name of the user. */
function anybody({ clock }: SimProcess): Awaited<ReturnType<Host['authenticate']>>['verifier'] {
  return {
    ready: true,
    verify: (user) =>
      Promise.resolve({
        user,
        caps: { '**': ['join', 'publish', 'history', 'presence'] },
        exp: clock.now() + TOKEN_MS,
      }),
    close: () => undefined,
  };
}

function noAdmin(): ReturnType<Host['listenAdmin']> {
  return Promise.resolve({ port: 1, close: () => Promise.resolve() });
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
