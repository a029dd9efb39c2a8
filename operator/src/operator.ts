import { connectKafka, type Kafka, type KafkaConfig } from '@chatplatform/kafka';
import { type Clock, type Random, systemClock, systemRandom } from '@chatplatform/runtime';
import {
  createAdminServer,
  createLogger,
  createMetrics,
  type Logger,
  type Metrics,
} from '@chatplatform/telemetry';
import { OperatorConfig, type OperatorConfigInput } from './config.ts';
import {
  createApplier,
  DEFAULT_TIMING,
  createEventRecorder,
  defaultTransport,
  kubeClient,
  keyOf,
  type KubeObject,
  type LeaderTiming,
  type Reflector,
  Resources,
  type ResourceType,
  startLeaderElection,
  startReflector,
  type Transport,
  WorkQueue,
} from './kube/index.ts';
import { cachesOf, CHILD_RESOURCES } from './platform/caches.ts';
import { type GatewayAdmin, httpGatewayAdmin } from './platform/gateway/admin.ts';
import { createReconciler } from './platform/reconciler.ts';
import { pingRedis, type PingRedis } from './platform/redis/watch.ts';
import { createWatches } from './platform/watches.ts';
import { type MakeKey, randomKey } from './resources/keys-secret.ts';
import { PLATFORM_LABEL } from './resources/labels.ts';

/** What a test may replace. */
export interface OperatorDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly connectKafka: (config: KafkaConfig) => Kafka;
  readonly pingRedis: PingRedis;
  readonly gatewayAdmin: GatewayAdmin;
  readonly makeKey: MakeKey;
  readonly leaderTiming: LeaderTiming;
  /** Called when leadership is lost; the process must end, because a successor may write already. */
  readonly onLost: () => void;
}

/** A running operator. */
export interface Operator {
  readonly adminPort: number;
  /** Resolves when this process leads and has seen everything once. */
  readonly active: Promise<void>;
  isLeader(): boolean;
  /** Stops reconciling, then gives leadership back. */
  close(): Promise<void>;
}

// A reflector hears a bookmark every minute and its watchdog acts after two; beyond that it is stuck.
const STALE_MS = 300_000;

/** Starts an operator in this process: caches and health at once, writing only once it leads. */
export async function startOperator(
  input: OperatorConfigInput,
  replaced: Partial<OperatorDeps> = {},
): Promise<Operator> {
  const config = OperatorConfig.parse(input);
  const deps = withDefaults(config, replaced);
  const { clock, logger } = deps;
  const metrics = createMetrics({ defaults: true });
  const unfenced = kubeClient(deps.transport);
  const election = startLeaderElection({
    // Two tries fit into the renewal deadline: one lost answer is not the end of a term.
    client: kubeClient(deps.transport, undefined, deps.leaderTiming.renewDeadline / 2),
    clock,
    logger,
    ...config.leaderElection,
    identity: config.identity,
    onLost: deps.onLost,
    timing: deps.leaderTiming,
  });
  const fence = (): void => election.assertLeader();
  const client = kubeClient(deps.transport, fence);

  const reflectors = new Map<string, Reflector>();
  const caches = cachesOf(reflectors);
  const watches = createWatches({
    client,
    connectKafka: deps.connectKafka,
    pingRedis: deps.pingRedis,
    clock,
    logger,
    fence,
    enqueue: (key) => queue.add(key),
  });
  const reconcile = createReconciler({
    client,
    applier: createApplier(client),
    caches,
    events: createEventRecorder(client, clock, logger),
    clock,
    logger,
    admin: deps.gatewayAdmin,
    watches,
    images: config.images,
    makeKey: deps.makeKey,
  });
  const queue = new WorkQueue({
    clock,
    concurrency: config.concurrency,
    handle: measured(metrics, clock, reconcile),
    onError: (key, error, retryInMs) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ key, reason, retryInMs: Math.round(retryInMs) }, 'pass failed, trying again');
    },
  });
  queueDepth(metrics, queue);

  // Until this process leads, keys only wait: a standby has warm caches and writes nothing.
  let active = false;
  const enqueue = (key: string): void => {
    if (active) queue.add(key);
  };
  const follow = (
    resource: ResourceType,
    labelSelector: string | undefined,
    keyFor: (object: KubeObject) => string,
  ): void => {
    const selection = {
      ...(config.watchNamespace ? { namespace: config.watchNamespace } : {}),
      ...(labelSelector ? { labelSelector } : {}),
    };
    const onChange = (object: KubeObject): void => enqueue(keyFor(object));
    reflectors.set(
      resource.kind,
      startReflector({ client: unfenced, resource, selection, clock, random: deps.random, logger, onChange }),
    );
  };
  follow(Resources.chatPlatform, undefined, keyOf);
  for (const resource of [...CHILD_RESOURCES, Resources.pod]) follow(resource, PLATFORM_LABEL, platformKey);

  const ready = activate();
  ready.catch(() => undefined);
  const admin = await createAdminServer({
    ...config.admin,
    metrics,
    health: {
      live: () => freshness(reflectors, clock),
      ready: () => ({ ok: true, detail: { leader: election.isLeader() } }),
    },
  });

  async function activate(): Promise<void> {
    await Promise.all([...reflectors.values()].map((reflector) => reflector.synced));
    await election.elected;
    active = true;
    for (const object of caches.list(Resources.chatPlatform, () => true)) queue.add(keyOf(object));
    logger.info({ platforms: caches.list(Resources.chatPlatform, () => true).length }, 'reconciling');
  }

  return {
    adminPort: admin.port,
    active: ready,
    isLeader: () => election.isLeader(),
    close: async () => {
      active = false;
      await queue.stop();
      await watches.stop();
      await election.stop();
      await Promise.all([...reflectors.values()].map((reflector) => reflector.stop()));
      await admin.close();
      deps.transport.close();
    },
  };
}

function withDefaults(config: OperatorConfig, replaced: Partial<OperatorDeps>): OperatorDeps {
  const logger = replaced.logger ?? createLogger({ name: 'operator', level: config.logLevel });
  const transport = replaced.transport ?? defaultTransport(config.kubeconfig);
  return {
    clock: systemClock,
    random: systemRandom,
    connectKafka: (kafka) => connectKafka(kafka, { logger: storeLogger(logger) }),
    pingRedis,
    gatewayAdmin: httpGatewayAdmin,
    makeKey: randomKey,
    leaderTiming: DEFAULT_TIMING,
    onLost: () => process.exit(1),
    ...replaced,
    logger,
    transport,
  };
}

/** A store that does not answer is told in a condition; its client's every attempt is not news. */
function storeLogger(logger: Logger): Logger {
  const quiet = logger.child({ part: 'kafka' });
  quiet.level = 'error';
  return quiet;
}

function platformKey(child: KubeObject): string {
  return `${child.metadata.namespace ?? ''}/${child.metadata.labels?.[PLATFORM_LABEL] ?? ''}`;
}

/** Alive as long as every reflector heard from the API server lately, or is trying to. */
function freshness(
  reflectors: ReadonlyMap<string, Reflector>,
  clock: Clock,
): { ok: boolean; detail: Record<string, unknown> } {
  const stale = [...reflectors].filter(
    ([, reflector]) => clock.monotonic() - reflector.lastContact() > STALE_MS,
  );
  return { ok: stale.length === 0, detail: { stale: stale.map(([kind]) => kind) } };
}

type Handle = (key: string) => Promise<{ requeueAfterMs?: number }>;

/** The names are those of controller-runtime, so that existing dashboards work. */
function measured(metrics: Metrics, clock: Clock, reconcile: Handle): Handle {
  const total = metrics.counter('controller_runtime_reconcile_total', 'Passes by result', [
    'controller',
    'result',
  ]);
  const time = metrics.histogram('controller_runtime_reconcile_time_seconds', 'Seconds of a pass', [
    'controller',
  ]);
  const controller = 'chatplatform';
  return async (key) => {
    const began = clock.monotonic();
    let result = 'error';
    try {
      const outcome = await reconcile(key);
      result = outcome.requeueAfterMs === undefined ? 'success' : 'requeue_after';
      return outcome;
    } finally {
      total.inc({ controller, result });
      time.observe({ controller }, (clock.monotonic() - began) / 1000);
    }
  };
}

function queueDepth(metrics: Metrics, queue: WorkQueue): void {
  const gauge = metrics.gauge('workqueue_depth', 'Platforms waiting for a pass', ['name']);
  Object.assign(gauge, { collect: () => gauge.set({ name: 'chatplatform' }, queue.depth) });
}
