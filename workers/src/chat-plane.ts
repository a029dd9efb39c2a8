import {
  verifier,
  type BatchResult,
  type Kafka,
  type RecordBatch,
  type RecordProducer,
  type Rewinds,
  type WatchedKeys,
} from '@chatplatform/kafka';
import { roomOptions, type PlatformNames, type WorkerConfig } from '@chatplatform/platform';
import { namespaceOf } from '@chatplatform/protocol';
import { HotRooms, type InboxPublisher, type Redis } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger, Metrics, Tracer } from '@chatplatform/telemetry';
import { chatMetrics } from './chat/chat-metrics.ts';
import { ChatService } from './chat/chat-service.ts';
import type { Admission } from './chat/decode.ts';
import { RoomAppender } from './chat/room-appender.ts';
import { RoomHeads } from './chat/room-heads.ts';
import type { Rule } from './chat/rules.ts';
import { Signatures } from './chat/signatures.ts';
import type { LogFacts } from './log-facts.ts';
import { Pipeline } from './pipeline/pipeline.ts';
import { pipelineMetrics } from './pipeline/pipeline-metrics.ts';
import { Waker } from './pipeline/waker.ts';
import { StoreWatch } from './store-watch.ts';
import { ValueRestorer } from './values/value-restorer.ts';

/** What the chat of a worker stands in. */
export interface ChatSurroundings {
  readonly config: WorkerConfig;
  readonly names: PlatformNames;
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly rules: readonly Rule[];
  readonly hotAbove: number | undefined;
  readonly producer: RecordProducer;
  readonly publisher: InboxPublisher;
  readonly rewinds: Rewinds;
  readonly signingKeys: WatchedKeys | undefined;
  readonly groupId: string;
  /** Ends what waits. */
  readonly signal: AbortSignal;
}

/** The chat, as the consumer of the message log drives it. */
export interface ChatPlane {
  /** The partitions this worker holds now. */
  assigned(topic: string, partitions: readonly number[]): void;
  /** See `Pipeline.handle`. */
  handle(batch: RecordBatch): Promise<BatchResult>;
  close(): void;
}

/** Puts together what applies the message log to Redis, and what notices that Redis lost something. */
export function chatPlane(facts: LogFacts, around: ChatSurroundings): ChatPlane {
  const { kafka, redis, clock, random, logger } = around;
  const admission = admissionOf(facts, around);
  const watch = new StoreWatch({
    redis,
    clock,
    logger,
    epoch: facts.epoch,
    isNewLog: () => isNewLog(around),
    onLost: () => {
      pipeline.storeLost();
      values?.storeLost();
    },
  });
  const pipeline = new Pipeline({
    service: chatService(facts, admission, around),
    admin: kafka.admin(),
    clock,
    random,
    logger,
    metrics: pipelineMetrics(around.metrics),
    waker: new Waker({ ...around, admin: kafka.admin() }),
    store: watch,
  });
  const values = restorer(facts, { watch, admission }, around);
  return {
    assigned: (topic, partitions) => {
      pipeline.assigned(topic, partitions);
      values?.assigned(topic, partitions);
    },
    handle: (batch) => pipeline.handle(batch),
    close: () => {
      values?.close();
      watch.close();
    },
  };
}

function admissionOf(
  { epoch, partitions }: LogFacts,
  { config, rules, signingKeys }: ChatSurroundings,
): Admission {
  return {
    context: {
      epoch,
      partitions: partitions.messages,
      optionsOf: (room) => roomOptions(config.rooms, namespaceOf(room)),
    },
    rules,
    signatures:
      signingKeys &&
      new Signatures({
        verify: verifier(() => signingKeys.current()),
        renew: () => signingKeys.renew(),
        required: config.signing?.required ?? false,
      }),
  };
}

function chatService(
  { epoch, partitions }: LogFacts,
  admission: Admission,
  { redis, clock, names, hotAbove, publisher, producer, metrics, tracer }: ChatSurroundings,
): ChatService {
  const { topics } = names;
  const heads = new RoomHeads();
  const history = redis.history(epoch);
  const latest = redis.latest(epoch);
  return new ChatService({
    ...admission,
    heads,
    appender: new RoomAppender({ history, latest, heads, clock }),
    hot: new HotRooms({ live: () => redis.gateways.live(), clock, above: hotAbove }),
    publisher,
    producer,
    events: { topic: topics.events, partitions: partitions.events },
    deadLetters: { topic: topics.deadLetters, partitions: partitions.deadLetters },
    clock,
    metrics: chatMetrics(metrics),
    tracer,
  });
}

/** Undefined where no room keeps values. */
function restorer(
  { epoch }: LogFacts,
  { watch, admission }: { watch: StoreWatch; admission: Admission },
  { config, redis, kafka, clock, random, logger, metrics }: ChatSurroundings,
): ValueRestorer | undefined {
  if (!config.rooms.some(({ kind }) => kind === 'latest')) return undefined;
  return new ValueRestorer({
    store: watch,
    reader: kafka.logReader(),
    latest: redis.latest(epoch),
    admission,
    clock,
    random,
    logger,
    left: metrics.gauge(
      'values_left_records',
      'Records of the log that are still to be read until joins into latest-value rooms go on, after Redis lost everything',
      ['partition'],
    ),
  });
}

async function isNewLog({ kafka, names, groupId }: ChatSurroundings): Promise<boolean> {
  const lag = await kafka.admin().groupLag(groupId, names.topics.messages);
  return lag.every(({ committed, begin }) => committed < 0 && begin === 0);
}
