import { z } from 'zod';
import {
  AdminListen,
  KafkaConnection,
  LogLevel,
  PlatformIdentity,
  RedisConnectionConfig,
  RoomOptions,
} from './connections.ts';
import { ServiceName, SigningConfig, WebhookConfig } from './services.ts';

/** Configuration of a worker. */
export const WorkerConfig = z.object({
  platform: PlatformIdentity,
  admin: AdminListen.prefault({}),
  kafka: KafkaConnection,
  redis: RedisConnectionConfig,
  rooms: z.array(RoomOptions).default([]),
  /** Retention of the message log, and so the life of the heads in Redis. */
  retentionHours: z.int().min(1).default(168),
  logLevel: LogLevel.default('info'),
  /** What this worker does. */
  services: z
    .array(ServiceName)
    .min(1)
    .default([...ServiceName.options]),
  /** Files of modules that judge every message before anybody sees it, in this order. */
  rules: z.array(z.string()).default([]),
  notifications: z.object({ webhooks: z.array(WebhookConfig).default([]) }).prefault({}),
  /** Absent = signatures of records are not looked at. */
  signing: SigningConfig.optional(),
  /** Group of the chat service; absent = the one that `names()` gives. */
  consumerGroup: z.string().optional(),
  /**
   * Name of this worker that outlives its process and that no other worker has, such as the pod's name. With it a
   * restarted worker takes its partitions back at once (Kafka's static membership; driver platformatic only).
   */
  instance: z.string().min(1).max(249).optional(),
  tracing: z.object({ endpoint: z.string(), sampling: z.number().min(0).max(1).default(0.01) }).optional(),
});
/** Output of the schema of the same name. */
export type WorkerConfig = z.output<typeof WorkerConfig>;
/** A worker's configuration as it is written to its file. */
export type WorkerConfigInput = z.input<typeof WorkerConfig>;
