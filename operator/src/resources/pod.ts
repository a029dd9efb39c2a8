import type { Resources } from '@chatplatform/platform';

/** Where programs find their files. */
export const MOUNTS = {
  config: '/etc/chatplatform/config',
  live: '/etc/chatplatform/live',
  auth: '/etc/chatplatform/auth',
  tls: '/etc/chatplatform/tls',
  keys: '/etc/chatplatform/keys',
  kafkaCa: '/etc/chatplatform/kafka-ca',
  kafkaSasl: '/etc/chatplatform/kafka-sasl',
  redisCa: '/etc/chatplatform/redis-ca',
  redisAuth: '/etc/chatplatform/redis-auth',
  signing: '/etc/chatplatform/signing',
  webhooks: '/etc/chatplatform/webhooks',
  rules: '/etc/chatplatform/rules',
} as const;

/** Port of the clients in a gateway pod. */
export const GATEWAY_PORT = 8080;
/** Port of health, metrics and drain in every pod of ours. */
export const ADMIN_PORT = 9090;
/** The programs' entry in the chat image. */
export const CHAT_PROGRAM = ['node', '/app/main.js'];

// The user every image runs as; also the group that owns volumes.
const USER = 1000;

/** What a pod that passes the `restricted` standard has in common. */
export function podBasics(): Record<string, unknown> {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
}

/** What a container that passes the `restricted` standard has in common. */
export function containerSecurity(): Record<string, unknown> {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
}

/** A volume and where it is mounted. */
export interface Mounted {
  readonly volume: { readonly name: string; readonly [source: string]: unknown };
  readonly path: string;
  readonly writable?: boolean;
}

/** A ConfigMap mounted as a folder. */
export const configMapMount = (name: string, configMap: string, path: string): Mounted => ({
  volume: { name, configMap: { name: configMap } },
  path,
});

/** Keys of a Secret mounted as files; `items` maps key to file name. */
export const secretMount = (
  name: string,
  secret: string,
  path: string,
  items?: Record<string, string>,
): Mounted => ({
  volume: {
    name,
    secret: {
      secretName: secret,
      ...(items ? { items: Object.entries(items).map(([key, file]) => ({ key, path: file })) } : {}),
    },
  },
  path,
});

/** The two lists of a pod spec that mounts make. */
export function mountLists(mounts: readonly Mounted[]): { volumes: unknown[]; volumeMounts: unknown[] } {
  return {
    volumes: mounts.map((mount) => mount.volume),
    volumeMounts: mounts.map((mount) => ({
      name: mount.volume.name,
      mountPath: mount.path,
      ...(mount.writable ? {} : { readOnly: true }),
    })),
  };
}

/** Requests and limits of a container, with defaults for what the platform leaves open. */
export function containerResources(
  wanted: Resources | undefined,
  defaults: { cpu: string; memory: string; memoryLimit: string },
): { requests: Record<string, string>; limits: Record<string, string> } {
  const text = (amounts: { cpu?: string | number | undefined; memory?: string | number | undefined } = {}) =>
    Object.fromEntries(
      Object.entries(amounts).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    );
  return {
    requests: { cpu: defaults.cpu, memory: defaults.memory, ...text(wanted?.requests) },
    // No CPU limit by default: throttling turns a short burst into latency for everybody in the room.
    limits: { memory: defaults.memoryLimit, ...text(wanted?.limits) },
  };
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  Ki: 1024,
  M: 1e6,
  Mi: 1024 ** 2,
  G: 1e9,
  Gi: 1024 ** 3,
  T: 1e12,
  Ti: 1024 ** 4,
};
// The rest of the limit is for buffers, code and native memory.
const HEAP_SHARE = 0.7;

/** `--max-old-space-size` for a memory limit such as "512Mi": Node does not see the pod's limit by itself. */
export function heapOption(memoryLimit: string): string {
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(memoryLimit);
  const bytes = Number(match?.[1] ?? 0) * (UNITS[match?.[2] ?? ''] ?? 1);
  return `--max-old-space-size=${Math.max(64, Math.floor((bytes * HEAP_SHARE) / 1024 ** 2))}`;
}

/** Probes of our own programs. The startup probe lets a busy node take a minute; the others are quick. */
export function programProbes(): Record<string, unknown> {
  const ask = (path: string) => ({ httpGet: { path, port: 'admin' } });
  return {
    startupProbe: { ...ask('/healthz'), periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    livenessProbe: { ...ask('/healthz'), periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 },
    readinessProbe: { ...ask('/readyz'), periodSeconds: 2, failureThreshold: 3, timeoutSeconds: 2 },
  };
}
