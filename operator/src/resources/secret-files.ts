import {
  type ChatPlatformSpec,
  isSigned,
  type KafkaConnection,
  type RedisConnectionConfig,
} from '@chatplatform/platform';
import type { KubeObject } from '../kube/index.ts';
import { childNames, type Owner } from './labels.ts';
import { type Mounted, MOUNTS, secretMount } from './pod.ts';

const SIGNING_VOLUME = 'signing';

/** Port of a Kafka or Redis that the operator runs itself. */
export const STORE_PORTS = { kafka: 9092, redis: 6379 } as const;

/** Stable address of a Service of ours inside the cluster. */
export function serviceHost(owner: Owner, service: string): string {
  return `${service}.${owner.namespace}.svc`;
}

/** How the programs of a platform reach its Kafka, with secrets as mounted files. */
export function kafkaConnection(spec: ChatPlatformSpec, owner: Owner): KafkaConnection {
  const { external } = spec.kafka;
  if (!external)
    return { bootstrapServers: [`${serviceHost(owner, childNames.kafka(owner))}:${STORE_PORTS.kafka}`] };
  return {
    bootstrapServers: external.bootstrapServers,
    ...(external.tls ? { tls: external.tls.caSecretRef ? { caFile: `${MOUNTS.kafkaCa}/ca.crt` } : {} } : {}),
    ...(external.sasl
      ? {
          sasl: {
            mechanism: external.sasl.mechanism,
            usernameFile: `${MOUNTS.kafkaSasl}/username`,
            passwordFile: `${MOUNTS.kafkaSasl}/password`,
          },
        }
      : {}),
  };
}

/** How the programs of a platform reach its Redis, with secrets as mounted files. */
export function redisConnection(spec: ChatPlatformSpec, owner: Owner): RedisConnectionConfig {
  const { external } = spec.redis;
  if (!external)
    return {
      endpoints: [`${serviceHost(owner, childNames.redis(owner))}:${STORE_PORTS.redis}`],
      cluster: false,
    };
  return {
    endpoints: external.endpoints,
    cluster: external.cluster,
    ...(external.tls ? { tls: external.tls.caSecretRef ? { caFile: `${MOUNTS.redisCa}/ca.crt` } : {} } : {}),
    ...(external.authSecretRef
      ? { usernameFile: `${MOUNTS.redisAuth}/username`, passwordFile: `${MOUNTS.redisAuth}/password` }
      : {}),
  };
}

/** The Secrets that both programs mount to reach the stores. */
export function storeMounts(spec: ChatPlatformSpec): Mounted[] {
  const kafka = spec.kafka.external;
  const redis = spec.redis.external;
  const ca = (name: string, ref: { name: string; key: string } | undefined, path: string): Mounted[] =>
    ref ? [secretMount(name, ref.name, path, { [ref.key]: 'ca.crt' })] : [];
  return [
    ...ca('kafka-ca', kafka?.tls?.caSecretRef, MOUNTS.kafkaCa),
    ...(kafka?.sasl ? [secretMount('kafka-sasl', kafka.sasl.secretRef.name, MOUNTS.kafkaSasl)] : []),
    ...ca('redis-ca', redis?.tls?.caSecretRef, MOUNTS.redisCa),
    ...(redis?.authSecretRef ? [secretMount('redis-auth', redis.authSecretRef.name, MOUNTS.redisAuth)] : []),
  ];
}

/** The keys that both programs sign and check records with; none when records are not signed. */
export function signingMounts(spec: ChatPlatformSpec, owner: Owner): Mounted[] {
  return isSigned(spec) ? [secretMount(SIGNING_VOLUME, childNames.signing(owner), MOUNTS.signing)] : [];
}

/** Whether a pod was made with the keys to sign with. */
export function isSigning(pod: KubeObject): boolean {
  const { volumes = [] } = (pod['spec'] ?? {}) as { volumes?: { name: string }[] };
  return volumes.some(({ name }) => name === SIGNING_VOLUME);
}

/** The secrets of all webhooks in one folder, one file each, named like the webhook. */
export function webhookMounts({ notifications }: ChatPlatformSpec): Mounted[] {
  const sources = notifications.webhooks.map(({ name, secretRef }) => ({
    secret: { name: secretRef.name, items: [{ key: secretRef.key, path: name }] },
  }));
  return sources.length === 0
    ? []
    : [{ volume: { name: 'webhooks', projected: { sources } }, path: MOUNTS.webhooks }];
}

/** A Secret of the user that a platform needs, and the keys it must have. */
export interface NeededSecret {
  readonly name: string;
  readonly keys: readonly string[];
  readonly field: string;
}

/** The Secrets a spec refers to. */
export function neededSecrets(spec: ChatPlatformSpec): NeededSecret[] {
  const kafka = spec.kafka.external;
  const redis = spec.redis.external;
  const of = (field: string, ref: { name: string; key: string } | undefined): NeededSecret[] =>
    ref ? [{ name: ref.name, keys: [ref.key], field }] : [];
  return [
    ...of('auth.keySecretRef', spec.auth.keySecretRef),
    ...(spec.gateway.tls
      ? [{ name: spec.gateway.tls.secretName, keys: ['tls.crt', 'tls.key'], field: 'gateway.tls.secretName' }]
      : []),
    ...spec.notifications.webhooks.flatMap(({ name, secretRef }) =>
      of(`notifications.webhooks[${name}].secretRef`, secretRef),
    ),
    ...of('kafka.external.tls.caSecretRef', kafka?.tls?.caSecretRef),
    ...(kafka?.sasl
      ? [
          {
            name: kafka.sasl.secretRef.name,
            keys: ['username', 'password'],
            field: 'kafka.external.sasl.secretRef',
          },
        ]
      : []),
    ...of('redis.external.tls.caSecretRef', redis?.tls?.caSecretRef),
    ...(redis?.authSecretRef
      ? [{ name: redis.authSecretRef.name, keys: ['password'], field: 'redis.external.authSecretRef' }]
      : []),
  ];
}
