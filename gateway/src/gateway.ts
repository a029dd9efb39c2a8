import type { Kafka, RecordProducer } from '@chatplatform/kafka';
import { names, type GatewayConfig } from '@chatplatform/platform';
import type { Redis } from '@chatplatform/redis';
import { systemClock, systemRandom, type Clock, type Random } from '@chatplatform/runtime';
import { createLogger, createMetrics, noTracer, type Logger, type Tracer } from '@chatplatform/telemetry';
import { Degradation, EVERYBODY } from './admin/degradation.ts';
import { gatewayMetrics, type GatewayMetrics } from './admin/gateway-metrics.ts';
import { revocationPlane } from './auth/revocation-plane.ts';
import { Balance } from './drain/balance.ts';
import { thisMachine, type Host } from './host.ts';
import { LiveSettings } from './live-settings.ts';
import { EventLog } from './presence/event-log.ts';
import { LogKnowledge } from './publish/log-knowledge.ts';
import { spacedProducer } from './publish/spaced-producer.ts';
import { openSigning, type Signing } from './publish/signing.ts';
import { roomPlane } from './rooms/room-plane.ts';
import { RunningParts, type GatewayParts, type RunningGateway } from './running-gateway.ts';
import { LateBroadcaster } from './server/late-broadcaster.ts';
import { SessionRegistry } from './session/session-registry.ts';
import { sessionPlane, takeoverOf } from './session/session-plane.ts';
import { openKafka, openStore, type StoreDeps } from './stores.ts';
import type { Surroundings } from './surroundings.ts';

/** What a gateway may be given instead of making it; tests pass twins. Given stores are not closed by the gateway. */
export interface GatewayDeps {
  kafka: Kafka;
  redis: Redis;
  clock: Clock;
  random: Random;
  logger: Logger;
  tracer: Tracer;
  host: Host;
}

/** Unguessable and never used twice: it names inbox, routes and leases. */
const INCARNATION_LENGTH = 12;

/**
 * Starts a gateway; resolves when it listens. Kafka and Redis may be away: it serves what can be served and says what
 * cannot. Rejects with `GatewayError` for a configuration that cannot work or a port that is taken.
 */
export async function startGateway(
  config: GatewayConfig,
  deps: Partial<GatewayDeps> = {},
): Promise<RunningGateway> {
  const gateway = await assemble(config, deps);
  try {
    await gateway.start();
  } catch (error) {
    // What was begun before the fault showed must not live on.
    await gateway.kill();
    throw error;
  }
  return gateway;
}

/** The stores it is given, and for the others its own, which it has to close. */
async function storesOf(
  config: GatewayConfig,
  deps: Partial<GatewayDeps>,
  of: StoreDeps & { readonly incarnation: string; readonly metrics: GatewayMetrics },
): Promise<{ kafka: Kafka; redis: Redis; owned: GatewayParts['owned'] }> {
  const onFailure = (code: string): void => of.metrics.redisFailures.inc({ code });
  const kafka = deps.kafka ?? (await openKafka(config, of.incarnation, of));
  const redis = deps.redis ?? (await openStore(config, { ...of, onFailure }));
  const owned = {
    kafka: deps.kafka === undefined ? kafka : undefined,
    redis: deps.redis === undefined ? redis : undefined,
  };
  return { kafka, redis, owned };
}

async function assemble(config: GatewayConfig, deps: Partial<GatewayDeps>): Promise<RunningParts> {
  const clock = deps.clock ?? systemClock;
  const random = deps.random ?? systemRandom;
  const incarnation = `gw-${random.id(INCARNATION_LENGTH)}`;
  const base = deps.logger ?? createLogger({ name: 'gateway', level: config.live.logLevel });
  const logger = base.child({ incarnation });
  const tools = { logger, clock, random };
  const topics = names(config.platform.namespace, config.platform.name).topics;
  const host = deps.host ?? thisMachine();
  const auth = await host.authenticate(config, tools);
  const signing = openSigning(config.signing, tools);
  const registryOfMetrics = createMetrics({ defaults: host.processMetrics, prefix: 'chat' });
  const metrics = gatewayMetrics(registryOfMetrics);
  const { kafka, redis, owned } = await storesOf(config, deps, { ...tools, incarnation, metrics });
  const broadcaster = new LateBroadcaster();
  const knowledge = knowledgeOf(config, { kafka, redis, topics, clock, metrics, logger, signing });
  const { producer, spacing } = spacedProducer(kafka);
  const around: Surroundings = {
    config,
    host,
    incarnation,
    topics,
    ...tools,
    metrics,
    tracer: deps.tracer ?? noTracer,
    live: new LiveSettings(config.live, logger),
    authentication: auth,
    redis,
    producer,
    signing,
    events: eventLog({ kafka, topics, producer, clock, metrics, logger }),
    broadcaster,
    optionsOf: (room) => knowledge.optionsOf(room),
    log: () => knowledge.log,
    history: knowledge,
    isWritten: (position) => knowledge.isWritten(position),
    receipts: () => knowledge.receipts(),
    lastOf: (room, sender) => knowledge.lastOf(room, sender),
  };
  const registry = new SessionRegistry();
  const takeover = takeoverOf(around, registry);
  const degradation = new Degradation(clock, (frame) => broadcaster.publish(EVERYBODY, frame));
  const revoking = revocationPlane(around, registry);
  const plane = roomPlane(around, registry, {
    takenOver: (sid, generation) => takeover.end(sid, generation),
    revoked: (entries) => revoking.revocations.learn(entries),
  });
  const balance = new Balance({
    incarnation,
    clock,
    sessions: redis.sessions,
    own: () => registry.size,
    enabled: () => around.live.rebalance.mode === 'Auto',
  });
  const sessions = sessionPlane(around, { registry, plane, takeover, degradation, revoking, balance });
  return new RunningParts({
    around,
    balance,
    broadcaster,
    degradation,
    knowledge,
    owned,
    plane,
    registry,
    registryOfMetrics,
    revoking,
    sessions,
    spacing,
  });
}

function knowledgeOf(
  config: GatewayConfig,
  parts: {
    kafka: Kafka;
    redis: Redis;
    topics: { messages: string; control: string };
    clock: Clock;
    metrics: GatewayMetrics;
    logger: Logger;
    signing: Signing | undefined;
  },
): LogKnowledge {
  const { kafka, redis, topics, clock, metrics, logger, signing } = parts;
  return new LogKnowledge({
    admin: kafka.admin(),
    reader: kafka.logReader(),
    redis,
    topics,
    rooms: config.rooms,
    clock,
    refill: {
      moderated: config.moderated,
      isTrusted: signing?.isTrusted,
      onScan: ({ result, records, ms }) => {
        metrics.logScans.inc({ result });
        metrics.logScanRecords.inc(records);
        metrics.logScanSeconds.observe(ms / 1000);
      },
    },
    onError: (error) => logger.warn({ err: error }, 'the log cannot be reached yet'),
  });
}

function eventLog(parts: {
  kafka: Kafka;
  topics: { events: string };
  producer: RecordProducer;
  clock: Clock;
  metrics: GatewayMetrics;
  logger: Logger;
}): EventLog {
  const { kafka, topics, producer, clock, metrics, logger } = parts;
  return new EventLog({
    topic: topics.events,
    admin: kafka.admin(),
    producer,
    clock,
    onLost: (error) => {
      metrics.eventsLost.inc();
      logger.debug({ err: error }, 'an event was not taken');
    },
  });
}
