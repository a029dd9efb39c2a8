import { z } from 'zod';
import { Limits } from '../v1alpha1/limits.ts';
import {
  AdminListen,
  KafkaConnection,
  LogLevel,
  PlatformIdentity,
  RedisConnectionConfig,
  RoomOptions,
} from './connections.ts';
import { SigningConfig } from './services.ts';

/** How gateways pace the move of clients. */
export const DrainBudget = z.object({
  /** Reconnects per second of the whole platform. */
  reconnectBudgetPerSecond: z.int().min(1).default(500),
  /** Clients without make-before-break come back within this window. */
  reconnectJitterSeconds: z.int().min(0).default(15),
});

/** Whether gateways with more than their share of the connections give some away. */
const Rebalance = z.object({ mode: z.enum(['Auto', 'Off']).default('Auto') });

/**
 * The part of a gateway's configuration that is applied while it runs: the file named by
 * `liveFile`, watched by content. Unknown keys are ignored (an older gateway reads a newer file).
 */
export const GatewayLive = z.object({
  limits: Limits.prefault({}),
  logLevel: LogLevel.default('info'),
  drain: DrainBudget.prefault({}),
  rebalance: Rebalance.prefault({}),
});
/** Output of the schema of the same name. */
export type GatewayLive = z.output<typeof GatewayLive>;

const KeyAlgorithms = z.array(z.string()).min(1);

/** The part of a gateway's configuration that needs a restart. */
export const GatewayConfig = z.object({
  platform: PlatformIdentity,
  listen: z
    .object({
      host: z.string().default('0.0.0.0'),
      port: z.int().min(0).max(65_535).default(8080),
      /** Several processes on one port (process mode). */
      reusePort: z.boolean().default(false),
      /** TLS done by the gateway itself: certificate chain and key in PEM, read again when their content changes. */
      tls: z.object({ certFile: z.string(), keyFile: z.string() }).optional(),
    })
    .prefault({}),
  admin: AdminListen.extend({
    /** File with the bearer token of admin writes; without it only loopback may write. */
    tokenFile: z.string().optional(),
  }).prefault({}),
  kafka: KafkaConnection,
  redis: RedisConnectionConfig,
  auth: z.object({
    issuer: z.string(),
    audience: z.string(),
    /** Exactly one of `jwksURL` and `key`. */
    jwksURL: z.string().optional(),
    key: z.object({ file: z.string() }).optional(),
    algorithms: KeyAlgorithms,
    clockToleranceSeconds: z.int().min(0).default(5),
  }),
  /** File with the key that signs resume tokens; shared by all gateways of a platform. */
  resumeKeyFile: z.string().optional(),
  rooms: z.array(RoomOptions).default([]),
  /**
   * Workers run rules that may refuse messages. What stands in the log is then no proof of what members saw, so a
   * client that missed more than the history holds is told `unverified`.
   */
  moderated: z.boolean().default(false),
  /** Absent = records are not signed. The file of the keys is watched. */
  signing: SigningConfig.optional(),
  drain: z
    .object({
      /** Wait for the endpoint's removal to reach every load balancer and kube-proxy. */
      startDelaySeconds: z.int().min(0).default(5),
      timeoutSeconds: z.int().min(1).default(600),
    })
    .prefault({}),
  /** Allowed `Origin` headers; absent = any. */
  origins: z.array(z.string()).optional(),
  /** Addresses and ranges (CIDR) of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: z.array(z.string()).default([]),
  tracing: z.object({ endpoint: z.string(), sampling: z.number().min(0).max(1).default(0.01) }).optional(),
  /** File of {@link GatewayLive}; absent = `live` below for the life of the process. */
  liveFile: z.string().optional(),
  /** Start value of the live part (the file wins as soon as it can be read). */
  live: GatewayLive.prefault({}),
});
/** Output of the schema of the same name. */
export type GatewayConfig = z.output<typeof GatewayConfig>;
/** A gateway's configuration as it is written to its file. */
export type GatewayConfigInput = z.input<typeof GatewayConfig>;
