import type { ChatPlatformSpec } from '@chatplatform/platform';
import type { KubeObject } from '../kube/index.ts';
import { childLabels, childMetadata, childNames, type Owner, selectorLabels } from './labels.ts';
import { containerResources, containerSecurity, podBasics } from './pod.ts';
import { serviceHost, STORE_PORTS } from './secret-files.ts';

const DATA = '/var/lib/kafka';
const DEFAULT_STORAGE = '1Gi';
// Measured: one broker with these topics lives in 256 MB of heap, about 450 MB resident.
const RESOURCES = { cpu: '100m', memory: '384Mi', memoryLimit: '900Mi' };
// A clean stop writes the indexes; without it the next start has to rebuild them.
const STOP_SECONDS = 30;

/** EmbeddedDev: one KRaft broker with one volume, and the Service that gives it its name. Pure. */
export function kafkaBroker(spec: ChatPlatformSpec, owner: Owner, image: string): KubeObject[] {
  const name = childNames.kafka(owner);
  const metadata = childMetadata(owner, 'kafka', name);
  const host = serviceHost(owner, name);
  const container = {
    name: 'kafka',
    image,
    imagePullPolicy: spec.imagePullPolicy,
    env: [{ name: 'KAFKA_ADVERTISED_LISTENER', value: `${name}-0.${host}:${STORE_PORTS.kafka}` }],
    ports: [{ name: 'kafka', containerPort: STORE_PORTS.kafka }],
    resources: containerResources(undefined, RESOURCES),
    securityContext: containerSecurity(),
    startupProbe: { tcpSocket: { port: 'kafka' }, periodSeconds: 1, failureThreshold: 120 },
    readinessProbe: { tcpSocket: { port: 'kafka' }, periodSeconds: 5 },
    volumeMounts: [
      { name: 'data', mountPath: DATA },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  const retention = spec.deletionPolicy === 'Delete' ? 'Delete' : 'Retain';
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        clusterIP: 'None',
        // The broker has to find itself by name before it can become ready.
        publishNotReadyAddresses: true,
        selector: selectorLabels(owner, 'kafka'),
        ports: [{ name: 'kafka', port: STORE_PORTS.kafka, targetPort: 'kafka', protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: retention, whenScaled: 'Retain' },
        selector: { matchLabels: selectorLabels(owner, 'kafka') },
        template: {
          metadata: { labels: childLabels(owner, 'kafka') },
          spec: {
            ...podBasics(),
            terminationGracePeriodSeconds: STOP_SECONDS,
            containers: [container],
            volumes: [{ name: 'tmp', emptyDir: {} }],
          },
        },
        volumeClaimTemplates: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: spec.kafka.embedded?.storageSize ?? DEFAULT_STORAGE } },
            },
          },
        ],
      },
    },
  ];
}
