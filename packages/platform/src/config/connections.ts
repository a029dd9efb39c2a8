import { z } from 'zod';

/** TLS towards a store. Absent = plain TCP; an empty object = TLS with the public authorities. */
export const TlsConfig = z.object({ caFile: z.string().optional() });

/** How a program reaches Kafka. Secrets are named by file, never written here. */
export const KafkaConnection = z.object({
  bootstrapServers: z.array(z.string().min(1)).min(1),
  /** Which client library; absent = kafkajs. */
  driver: z.enum(['kafkajs', 'platformatic']).optional(),
  tls: TlsConfig.optional(),
  sasl: z
    .object({
      mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      usernameFile: z.string(),
      passwordFile: z.string(),
    })
    .optional(),
});
/** Output of the schema of the same name. */
export type KafkaConnection = z.output<typeof KafkaConnection>;

/** How a program reaches Redis. Secrets are named by file, never written here. */
export const RedisConnectionConfig = z.object({
  /** `host:port`; several only with `cluster`. */
  endpoints: z.array(z.string().min(1)).min(1),
  cluster: z.boolean().default(false),
  tls: TlsConfig.optional(),
  usernameFile: z.string().optional(),
  passwordFile: z.string().optional(),
});
/** Output of the schema of the same name. */
export type RedisConnectionConfig = z.output<typeof RedisConnectionConfig>;

/** Which platform a program belongs to; `names()` of it gives topics, groups and key prefixes. */
export const PlatformIdentity = z.object({ namespace: z.string().min(1), name: z.string().min(1) });

/** Log levels of every program. */
export const LogLevel = z.enum(['debug', 'info', 'warn', 'error']);

/** Options of the rooms of one prefix, resolved to what programs branch on. */
export const RoomOptions = z.object({
  prefix: z.string(),
  kind: z.enum(['messages', 'latest']).default('messages'),
  historySize: z.int().min(1).default(1000),
  historyHours: z.int().min(1).default(24),
  presence: z.boolean().default(true),
  receipts: z.boolean().default(true),
  typing: z.boolean().default(true),
  publishPerSecond: z.int().min(1).default(200),
});
/** Output of the schema of the same name. */
export type RoomOptions = z.output<typeof RoomOptions>;

const DEFAULT_ROOM = RoomOptions.parse({ prefix: '' });

/**
 * Options of a room namespace (the part of a room name before the first colon, `@` for personal
 * rooms). A namespace that is not listed has the defaults.
 */
export function roomOptions(rooms: readonly RoomOptions[], namespace: string): RoomOptions {
  return rooms.find((entry) => entry.prefix === namespace) ?? { ...DEFAULT_ROOM, prefix: namespace };
}

/** Where health, metrics and drain are served; never the port of the clients. */
export const AdminListen = z.object({
  host: z.string().default('0.0.0.0'),
  port: z.int().min(0).max(65_535).default(9090),
});
