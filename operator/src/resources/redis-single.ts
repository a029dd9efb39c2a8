import type { ChatPlatformSpec } from '@chatplatform/platform';
import type { KubeObject } from '../kube/index.ts';
import { childLabels, childMetadata, childNames, type Owner, selectorLabels } from './labels.ts';
import { containerResources, containerSecurity, podBasics } from './pod.ts';
import { STORE_PORTS } from './secret-files.ts';

const DATA = '/data';
const RESOURCES = { cpu: '25m', memory: '64Mi', memoryLimit: '256Mi' };
// Below the container's limit: Redis refuses writes before the kernel kills it.
const MAX_MEMORY = '160mb';

/**
 * SingleDev: one Redis. Its append-only file lives as long as the pod: a restarted container keeps
 * everything, a new pod starts empty and is filled from the log.
 */
export function redisSingle(spec: ChatPlatformSpec, owner: Owner, image: string): KubeObject[] {
  const metadata = childMetadata(owner, 'redis', childNames.redis(owner));
  const ping = { exec: { command: ['redis-cli', '-p', String(STORE_PORTS.redis), 'ping'] } };
  const container = {
    name: 'redis',
    image,
    imagePullPolicy: spec.imagePullPolicy,
    command: [
      'redis-server',
      ...['--port', String(STORE_PORTS.redis)],
      ...['--protected-mode', 'no'],
      ...['--dir', DATA],
      ...['--save', ''],
      ...['--appendonly', 'yes'],
      ...['--maxmemory', MAX_MEMORY],
      ...['--maxmemory-policy', 'noeviction'],
    ],
    ports: [{ name: 'redis', containerPort: STORE_PORTS.redis }],
    resources: containerResources(undefined, RESOURCES),
    securityContext: containerSecurity(),
    startupProbe: { ...ping, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
    readinessProbe: { ...ping, periodSeconds: 5, timeoutSeconds: 2 },
    livenessProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 10, failureThreshold: 6 },
    volumeMounts: [{ name: 'data', mountPath: DATA }],
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: selectorLabels(owner, 'redis'),
        ports: [{ name: 'redis', port: STORE_PORTS.redis, targetPort: 'redis', protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 1,
        // Never two: they would answer for one keyspace.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selectorLabels(owner, 'redis') },
        template: {
          metadata: { labels: childLabels(owner, 'redis') },
          spec: { ...podBasics(), containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
        },
      },
    },
  ];
}
