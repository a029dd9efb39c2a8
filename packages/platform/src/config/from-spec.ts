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
  };
}

/** Pure: the part of a gateway's configuration that needs a restart. Defaults stay unwritten. */
export function gatewayConfig(spec: ChatPlatformSpec, around: Surroundings): GatewayConfigInput {
  const { paths } = around;
  const { issuer, audience, jwksURL, algorithms, clockToleranceSeconds } = spec.auth;
  return {
    platform: around.platform,
    admin: optional({ tokenFile: paths.adminToken }),
    kafka: around.kafka,
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
    ...optional({ resumeKeyFile: paths.resumeKey, liveFile: paths.live }),
  };
}

/** Pure: the part of a gateway's configuration that is applied while it runs. */
export function gatewayLive(spec: ChatPlatformSpec): Pick<GatewayLive, 'limits'> {
  return { limits: spec.limits };
}

/** Pure: the configuration of a worker. */
export function workerConfig(spec: ChatPlatformSpec, around: Surroundings): WorkerConfigInput {
  return {
    platform: around.platform,
    kafka: around.kafka,
    redis: around.redis,
    rooms: rooms(spec),
    retentionHours: spec.kafka.messages.retentionHours,
  };
}

function rooms(spec: ChatPlatformSpec): RoomOptions[] {
  return spec.rooms.map((entry) => ({
    ...entry,
    presence: entry.presence === 'Enabled',
    typing: entry.typing === 'Enabled',
  }));
}

/** Drops absent entries, which `exactOptionalPropertyTypes` tells apart from undefined ones. */
function optional<T extends Record<string, string | undefined>>(entries: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
