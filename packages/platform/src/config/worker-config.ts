import { z } from 'zod';
import {
  AdminListen,
  KafkaConnection,
  LogLevel,
  PlatformIdentity,
  RedisConnectionConfig,
  RoomOptions,
} from './connections.ts';

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
  /** Absent = the group that `names()` gives. */
  consumerGroup: z.string().optional(),
  tracing: z.object({ endpoint: z.string(), sampling: z.number().min(0).max(1).default(0.01) }).optional(),
});
/** Output of the schema of the same name. */
export type WorkerConfig = z.output<typeof WorkerConfig>;
/** A worker's configuration as it is written to its file. */
export type WorkerConfigInput = z.input<typeof WorkerConfig>;
