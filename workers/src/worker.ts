import {
  openKafka,
  readKafkaConfig,
  readSigningKeys,
  Rewinds,
  watchSigningKeys,
  type Kafka,
  type PartitionConsumer,
  type RecordProducer,
  type WatchedKeys,
} from '@chatplatform/kafka';
import { names, type PlatformNames, type WorkerConfig } from '@chatplatform/platform';
import { openRedis, type InboxPublisher, type Redis } from '@chatplatform/redis';
import { Lifecycle } from '@chatplatform/runtime';
import {
  createLogger,
  createMetrics,
  noTracer,
  type AdminServer,
  type Logger,
  type Metrics,
  type Tracer,
} from '@chatplatform/telemetry';
import { chatPlane, type ChatPlane } from './chat-plane.ts';
import { loadRules } from './chat/rule-modules.ts';
import type { Rule } from './chat/rules.ts';
import { WorkerError } from './errors.ts';
import type { HostedService } from './hosted-service.ts';
import { logReplaced } from './log-end.ts';
import { learnLogFacts, type LogFacts } from './log-facts.ts';
import { machineOf, type Machine } from './machine.ts';
import { checkSecrets } from './notifications/notifications.ts';
import { Pace } from './pipeline/pace.ts';
import { readRedisConfig } from './redis-config.ts';
import { hostedServices } from './services.ts';

/**
 * The consumer loop counts as dead after this time without a sign of life, ms: twice the time a
 * rebalance may keep a member waiting for others.
 */
const DEAD_AFTER_MS = 120_000;
/** Deadlines of the steps of stopping, ms; together within a pod's default grace period of 30 s. */
const STOP_MS = { consumer: 15_000, producer: 5_000, short: 2_000 } as const;
/** Characters of a worker's incarnation: never the same twice among all processes there will ever be. */
const INCARNATION_LENGTH = 16;

/** What a worker is built from; everything has a real default. */
export interface WorkerDeps extends Machine {
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly rules: readonly Rule[];
  /** A room on more gateways than that can be hot; what `HotRooms` says when undefined. */
  readonly hotAbove: number | undefined;
  /** Whether to measure the process itself too (memory, CPU, event loop). Default true. */
  readonly processMetrics: boolean;
}

/** A running worker. */
export interface RunningWorker {
  readonly adminUrl: string;
  /** Rejects with a {@link WorkerError} when the consumer loop ended for good: exit then. Never resolves. */
  readonly failed: Promise<never>;
  /** Stops in order: finish and commit the batch, leave the group, sign off, close. */
  close(): Promise<void>;
  /** Ends without committing, leaving or signing off, as far as a live process can. */
  kill(): Promise<void>;
}

/** Starts a worker. Resolves at once: Kafka and Redis are waited for in the background. */
export async function startWorker(
  config: WorkerConfig,
  deps: Partial<WorkerDeps> = {},
): Promise<RunningWorker> {
  const metrics = createMetrics({ prefix: 'chat_worker', defaults: deps.processMetrics ?? true });
  const parts = await assemble(config, deps, metrics);
  const running = new WorkerParts(config, parts, metrics);
  await running.start();
  return running;
}

type Parts = Omit<WorkerDeps, 'processMetrics'>;

async function assemble(config: WorkerConfig, deps: Partial<WorkerDeps>, metrics: Metrics): Promise<Parts> {
  const machine = machineOf(deps);
  const { clock, random } = machine;
  const logger = deps.logger ?? createLogger({ name: 'worker', level: config.logLevel });
  // What keeps a worker from starting comes first: nothing is open yet that would have to be closed.
  checkFiles(config);
  const rules = deps.rules ?? (await loadRules(config.rules));
  const { redisPrefix, prefix } = names(config.platform.namespace, config.platform.name);
  const kafka =
    deps.kafka ??
    (await openKafka(readKafkaConfig(config.kafka, `${prefix}.worker`), { logger, clock, random }));
  const failures = metrics.counter('redis_failures_total', 'Calls of Redis that failed, by code', ['code']);
  const redis =
    deps.redis ??
    openRedis({
      config: readRedisConfig(config.redis),
      prefix: redisPrefix,
      deps: { logger, clock, random, onFailure: (code) => failures.inc({ code }) },
    });
  const { hotAbove, tracer = noTracer } = deps;
  return { kafka, redis, logger, tracer, rules, hotAbove, ...machine };
}

/** @throws WorkerError or KafkaError that names the file which is missing or of no use */
function checkFiles({ notifications, services, signing }: WorkerConfig): void {
  if (services.includes('notifications')) checkSecrets(notifications.webhooks);
  if (signing !== undefined) readSigningKeys(signing.keysFile);
}

class WorkerParts implements RunningWorker {
  readonly failed: Promise<never>;
  readonly #config: WorkerConfig;
  readonly #parts: Parts;
  readonly #metrics: Metrics;
  readonly #names: PlatformNames;
  readonly #stop = new AbortController();
  readonly #rewinds = new Rewinds();
  readonly #lifecycle: Lifecycle;
  readonly #consumer: PartitionConsumer;
  readonly #producer: RecordProducer;
  readonly #publisher: InboxPublisher;
  readonly #hosted: readonly HostedService[];
  readonly #signingKeys: WatchedKeys | undefined;
  #fail: (error: WorkerError) => void = () => undefined;
  #admin: AdminServer | undefined;
  #plane: ChatPlane | undefined;
  #starting: Promise<void> = Promise.resolve();
  #consuming = false;
  #dead = false;
  #killed = false;

  constructor(config: WorkerConfig, parts: Parts, metrics: Metrics) {
    this.#config = config;
    this.#parts = parts;
    this.#metrics = metrics;
    this.#names = names(config.platform.namespace, config.platform.name);
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever does not look at `failed` sees the liveness probe.
    this.failed.catch(() => undefined);
    const { instance } = config;
    this.#consumer = parts.kafka.consumer(instance === undefined ? {} : { instanceId: instance });
    this.#producer = parts.kafka.producer();
    const incarnation = `w-${parts.random.id(INCARNATION_LENGTH)}`;
    this.#publisher = parts.redis.inbox.publisher({ incarnation });
    this.#hosted = hostedServices(config, {
      ...parts,
      names: this.#names,
      producer: this.#producer,
      incarnation,
      instance,
      metrics,
      onCrash: (error) => this.#crashed(error),
      deadAfterMs: DEAD_AFTER_MS,
    });
    this.#signingKeys = config.signing && watchSigningKeys(config.signing.keysFile, parts);
    this.#lifecycle = this.#shutdownOrder();
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.#admin?.port ?? 0}`;
  }

  async start(): Promise<void> {
    const { host, port } = this.#config.admin;
    this.#admin = await this.#parts.listenAdmin({
      host,
      port,
      metrics: this.#metrics,
      health: { live: () => this.#liveness(), ready: () => ({ ok: true, detail: this.#detail() }) },
    });
    this.#consumer.onCrash((error) => this.#crashed(error));
    this.#starting = this.#begin().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#crashed(error);
    });
  }

  close(): Promise<void> {
    return this.#lifecycle.shutdown('close');
  }

  async kill(): Promise<void> {
    this.#killed = true;
    await this.close();
  }

  async #begin(): Promise<void> {
    const { kafka, clock, random, logger } = this.#parts;
    const facts = await learnLogFacts(this.#names.topics, {
      admin: kafka.admin(),
      clock,
      random,
      logger,
      signal: this.#stop.signal,
    });
    void this.#endWithLog(facts.epoch);
    const chat = this.#config.services.includes('chat') ? this.#consume(facts) : undefined;
    await Promise.all([chat, ...this.#hosted.map((service) => service.run(facts))]);
  }

  async #endWithLog(epoch: string): Promise<void> {
    const { kafka, clock } = this.#parts;
    const { signal } = this.#stop;
    const deps = { reader: kafka.logReader(), clock, signal };
    // It rejects only when the worker is being stopped.
    const next = await logReplaced(this.#names.topics.control, epoch, deps).catch(() => undefined);
    if (next === undefined) return;
    const message = `the log was replaced: its epoch is ${next}, no longer ${epoch}; the process has to be restarted`;
    this.#crashed(new WorkerError('log-replaced', message));
  }

  async #consume(facts: LogFacts): Promise<void> {
    const { clock, logger, utilization } = this.#parts;
    const { topics } = this.#names;
    const plane = this.#chatPlane(facts);
    this.#plane = plane;
    const pace = new Pace(clock, utilization);
    const groupId = this.#groupId();
    logger.info({ epoch: facts.epoch, partitions: facts.partitions.messages, groupId }, 'consuming');
    await this.#consumer.run({
      topics: [topics.messages],
      groupId,
      rewinds: this.#rewinds,
      onAssigned: (topic, partitions) => {
        logger.info({ topic, partitions }, 'assigned');
        plane.assigned(topic, partitions);
      },
      eachBatch: async (batch) => {
        const begun = clock.monotonic();
        const result = await plane.handle(batch);
        await pace.rest(begun, batch);
        return this.#killed ? { seek: batch.records[0]?.offset ?? 0 } : result;
      },
    });
    this.#consuming = true;
  }

  #chatPlane(facts: LogFacts): ChatPlane {
    return chatPlane(facts, {
      ...this.#parts,
      config: this.#config,
      names: this.#names,
      metrics: this.#metrics,
      producer: this.#producer,
      publisher: this.#publisher,
      rewinds: this.#rewinds,
      signingKeys: this.#signingKeys,
      groupId: this.#groupId(),
      signal: this.#stop.signal,
    });
  }

  #groupId(): string {
    return this.#config.consumerGroup ?? this.#names.groups.chat;
  }

  #crashed(error: unknown): void {
    this.#dead = true;
    this.#parts.logger.error({ err: error }, 'this worker cannot go on');
    const message = 'the consumer loop ended for good; the process has to be restarted';
    this.#fail(error instanceof WorkerError ? error : new WorkerError('consumer', message, { cause: error }));
  }

  #liveness(): { ok: boolean; detail: Record<string, unknown> } {
    const idleMs = Math.round(this.#parts.clock.monotonic() - this.#consumer.lastActivity());
    const alive = this.#hosted.every((service) => service.isLive());
    const ok = !this.#dead && alive && (!this.#consuming || idleMs < DEAD_AFTER_MS);
    return { ok, detail: { consumerIdleMs: idleMs, ...this.#detail() } };
  }

  #detail(): Record<string, unknown> {
    return { consuming: this.#consuming, kafka: this.#producer.state, redis: this.#parts.redis.state };
  }

  #shutdownOrder(): Lifecycle {
    const { logger, clock, kafka, redis } = this.#parts;
    const lifecycle = new Lifecycle({ log: logger, clock });
    const add = (name: string, deadlineMs: number, run: () => Promise<void>): void =>
      lifecycle.add({ name, deadlineMs, run });
    add('consumer', STOP_MS.consumer, () => this.#stopConsuming());
    add('producer', STOP_MS.producer, () => this.#finishProducing());
    add('inbox', STOP_MS.short, () => (this.#killed ? Promise.resolve() : this.#publisher.signOff()));
    add('redis', STOP_MS.short, () => redis.close());
    add('kafka', STOP_MS.producer, () => kafka.close());
    add('admin', STOP_MS.short, async () => this.#admin?.close());
    return lifecycle;
  }

  async #stopConsuming(): Promise<void> {
    this.#stop.abort();
    await this.#starting;
    const killed = this.#killed;
    await Promise.all([this.#consumer.stop(), ...this.#hosted.map((service) => service.stop({ killed }))]);
    this.#plane?.close();
    this.#signingKeys?.stop();
  }

  async #finishProducing(): Promise<void> {
    // What was not written belongs to a batch that was not committed: it is made again elsewhere.
    await this.#producer.flush(STOP_MS.producer).catch(() => undefined);
    await this.#producer.close();
  }
}
