import type { ChatPlatformSpec } from '../v1alpha1/spec.ts';
import type { KafkaConnection, RedisConnectionConfig, RoomOptions } from './connections.ts';
import type { GatewayConfigInput, GatewayLive } from './gateway-config.ts';
import type { WorkerConfigInput } from './worker-config.ts';

/** What a configuration needs besides the spec: who we are, where the stores are, where files lie. */
export interface Surroundings {
  readonly platform: { readonly namespace: string; readonly name: string };
  readonly kafka: KafkaConnection;
  readonly redis: RedisConnectionConfig;
  readonly paths: {
    /** File with the shared JWT key; used only when the spec has `auth.keySecretRef`. */
    readonly authKey: string;
    readonly resumeKey?: string;
    readonly adminToken?: string;
    /** File of the live part. */
    readonly live?: string;
    /** Folder with `tls.crt` and `tls.key`; used only when the spec has `gateway.tls`. */
    readonly tls?: string;
    /** File with the keys that records are signed with; used only when the spec has them signed. */
    readonly signingKeys: string;
    /** Folder with one file per webhook, named like it, holding its secret. */
    readonly webhookSecrets: string;
    /** Folder with the modules of `workers.rules`. */
    readonly rules: string;
  };
}

/** Pure: the part of a gateway's configuration that needs a restart. Defaults stay unwritten. */
export function gatewayConfig(spec: ChatPlatformSpec, around: Surroundings): GatewayConfigInput {
  const { paths } = around;
  const { issuer, audience, jwksURL, algorithms, clockToleranceSeconds } = spec.auth;
  return {
    platform: around.platform,
    ...listen(spec, around),
    admin: optional({ tokenFile: paths.adminToken }),
    kafka: kafka(spec, around),
    redis: around.redis,
    auth: {
      issuer,
      audience,
      ...(jwksURL === undefined ? { key: { file: paths.authKey } } : { jwksURL }),
      algorithms,
      clockToleranceSeconds,
    },
    rooms: rooms(spec),
    drain: { timeoutSeconds: spec.gateway.drain.timeoutSeconds },
    ...(spec.gateway.trustedProxies.length > 0 && { trustedProxies: spec.gateway.trustedProxies }),
    ...(spec.gateway.allowedOrigins !== undefined && { origins: spec.gateway.allowedOrigins }),
    ...optional({ resumeKeyFile: paths.resumeKey, liveFile: paths.live }),
    ...signing(spec, around),
    ...(spec.workers.rules !== undefined && { moderated: true }),
    ...tracing(spec),
  };
}

/** Pure: the part of a gateway's configuration that is applied while it runs. */
export function gatewayLive(spec: ChatPlatformSpec): Pick<GatewayLive, 'limits' | 'rebalance'> {
  return { limits: spec.limits, rebalance: spec.gateway.rebalance };
}

/** Pure: the configuration of a worker. */
export function workerConfig(spec: ChatPlatformSpec, around: Surroundings): WorkerConfigInput {
  return {
    platform: around.platform,
    kafka: kafka(spec, around),
    redis: around.redis,
    rooms: rooms(spec),
    retentionHours: spec.kafka.messages.retentionHours,
    ...ruleModules(spec, around),
    ...webhooks(spec, around),
    ...signing(spec, around),
    ...tracing(spec),
  };
}

function kafka({ kafka: { driver } }: ChatPlatformSpec, around: Surroundings): KafkaConnection {
  return driver === 'kafkajs' ? around.kafka : { ...around.kafka, driver };
}

/** Pure: whether gateways sign what they write to the log. */
export function isSigned(spec: ChatPlatformSpec): boolean {
  return spec.security.messageSigning !== 'Disabled';
}

function signing(spec: ChatPlatformSpec, { paths }: Surroundings): Pick<WorkerConfigInput, 'signing'> {
  if (!isSigned(spec)) return {};
  const required = spec.security.messageSigning === 'Enabled';
  return { signing: { keysFile: paths.signingKeys, required } };
}

function ruleModules(
  { workers }: ChatPlatformSpec,
  { paths }: Surroundings,
): Pick<WorkerConfigInput, 'rules'> {
  if (workers.rules === undefined) return {};
  return { rules: workers.rules.modules.map((module) => `${paths.rules}/${module}`) };
}

function webhooks(
  { notifications }: ChatPlatformSpec,
  { paths }: Surroundings,
): Pick<WorkerConfigInput, 'notifications'> {
  if (notifications.webhooks.length === 0) return {};
  const configured = notifications.webhooks.map(({ name, url, timeoutSeconds }) => ({
    name,
    url,
    timeoutSeconds,
    secretFile: `${paths.webhookSecrets}/${name}`,
  }));
  return { notifications: { webhooks: configured } };
}

function listen({ gateway }: ChatPlatformSpec, { paths }: Surroundings): Pick<GatewayConfigInput, 'listen'> {
  if (gateway.tls === undefined || paths.tls === undefined) return {};
  return { listen: { tls: { certFile: `${paths.tls}/tls.crt`, keyFile: `${paths.tls}/tls.key` } } };
}

function tracing({
  observability: { otlpEndpoint, traceSampling },
}: ChatPlatformSpec): Pick<WorkerConfigInput, 'tracing'> {
  if (otlpEndpoint === undefined) return {};
  return { tracing: { endpoint: otlpEndpoint, sampling: traceSampling } };
}

function rooms(spec: ChatPlatformSpec): RoomOptions[] {
  return spec.rooms.map((entry) => ({
    ...entry,
    presence: entry.presence === 'Enabled',
    receipts: entry.receipts === 'Enabled',
    typing: entry.typing === 'Enabled',
  }));
}

/** Drops absent entries, which `exactOptionalPropertyTypes` tells apart from undefined ones. */
function optional<T extends Record<string, string | undefined>>(entries: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
