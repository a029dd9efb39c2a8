import { z } from 'zod';

const text = (max: number) => z.string().max(max);
const count = () => z.int().min(0);
const timestamp = () => text(64).meta({ format: 'date-time' });

/** Every condition type of a ChatPlatform. */
export const CONDITION_TYPES = [
  'Ready',
  'Reconciled',
  'Progressing',
  'Degraded',
  'KafkaReady',
  'TopicsReady',
  'RedisReady',
  'GatewayReady',
  'RolloutComplete',
  'WorkersReady',
  'ConfigurationWarning',
  'Paused',
] as const;

/** One of {@link CONDITION_TYPES}. */
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** A Kubernetes condition. */
export const Condition = z.object({
  type: text(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: text(128),
  message: text(4096),
  observedGeneration: count().optional(),
  lastTransitionTime: timestamp(),
});
/** Output of the schema of the same name. */
export type Condition = z.output<typeof Condition>;

/** One gateway pod that is being emptied, or was lately. */
export const GatewayDrain = z.object({
  pod: text(253),
  node: text(253).optional(),
  revision: text(64),
  reason: text(64),
  startedAt: timestamp(),
  deadline: timestamp(),
  initialConnections: count().optional(),
  remainingConnections: count().optional(),
  result: text(64).optional(),
});
/** Output of the schema of the same name. */
export type GatewayDrain = z.output<typeof GatewayDrain>;

const GatewayStatus = z.object({
  replicas: count().optional(),
  readyReplicas: count().optional(),
  updatedReplicas: count().optional(),
  drainingReplicas: count().optional(),
  connections: count().optional(),
  selector: text(512).optional(),
  currentRevision: text(64).optional(),
  updateRevision: text(64).optional(),
  resolvedImage: text(512).optional(),
  drains: z
    .array(GatewayDrain)
    .max(32)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['pod'] }),
});

const WorkersStatus = z.object({
  replicas: count().optional(),
  readyReplicas: count().optional(),
  lag: count().optional(),
  partitions: count().optional(),
  partitionsWithLag: count().optional(),
});

const TopicStatus = z.object({ name: text(249), partitions: count(), replicationFactor: count().optional() });

/** `status` of a ChatPlatform: for people and tools; the operator decides nothing from it. */
export const ChatPlatformStatus = z.object({
  observedGeneration: count().optional(),
  operatorVersion: text(64).optional(),
  templateVersion: count().optional(),
  conditions: z
    .array(Condition)
    .max(32)
    .optional()
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
  gateway: GatewayStatus.optional(),
  workers: WorkersStatus.optional(),
  kafka: z
    .object({
      mode: text(32),
      clusterId: text(128).optional(),
      topics: z
        .array(TopicStatus)
        .max(16)
        .optional()
        .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
    })
    .optional(),
  redis: z.object({ mode: text(32), state: text(32) }).optional(),
  endpoints: z.object({ websocket: text(512).optional(), admin: text(512).optional() }).optional(),
});
/** Output of the schema of the same name. */
export type ChatPlatformStatus = z.output<typeof ChatPlatformStatus>;
