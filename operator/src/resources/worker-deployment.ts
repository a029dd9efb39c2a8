import { type ChatPlatformSpec, workerConfig } from '@chatplatform/platform';
import { canonical, hashOf, type KubeObject } from '../kube/index.ts';
import type { ChatImage } from './gateway-revision.ts';
import { childLabels, childMetadata, childNames, type Owner, selectorLabels } from './labels.ts';
import {
  ADMIN_PORT,
  CHAT_PROGRAM,
  configMapMount,
  containerResources,
  containerSecurity,
  heapOption,
  type Mounted,
  mountLists,
  MOUNTS,
  podBasics,
  programProbes,
} from './pod.ts';
import {
  kafkaConnection,
  redisConnection,
  signingMounts,
  storeMounts,
  webhookMounts,
} from './secret-files.ts';

const DEFAULT_RESOURCES = { cpu: '50m', memory: '128Mi', memoryLimit: '384Mi' };
// Longer than a batch of any size and the group's leave together.
const STOP_SECONDS = 30;
const HASH_LENGTH = 8;

/** The workers' Deployment and the immutable configuration it names. Pure. */
export function workerResources(
  spec: ChatPlatformSpec,
  owner: Owner,
  { image }: ChatImage,
): { configMap: KubeObject; deployment: KubeObject } {
  const config = workerConfig(spec, {
    platform: { namespace: owner.namespace, name: owner.name },
    kafka: kafkaConnection(spec, owner),
    redis: redisConnection(spec, owner),
    paths: {
      authKey: '',
      signingKeys: `${MOUNTS.signing}/keys.json`,
      webhookSecrets: MOUNTS.webhooks,
      rules: MOUNTS.rules,
    },
  });
  const configName = childNames.workerConfig(owner, hashOf(config, HASH_LENGTH));
  const resources = containerResources(spec.workers.resources, DEFAULT_RESOURCES);
  const { volumes, volumeMounts } = mountLists([
    configMapMount('config', configName, MOUNTS.config),
    ...storeMounts(spec),
    ...signingMounts(spec, owner),
    ...webhookMounts(spec),
    ...rulesMount(spec),
  ]);
  const container = {
    name: 'worker',
    image,
    imagePullPolicy: spec.imagePullPolicy,
    command: [...CHAT_PROGRAM, 'worker', '--config', `${MOUNTS.config}/config.json`],
    env: [
      { name: 'NODE_OPTIONS', value: heapOption(resources.limits['memory'] ?? '') },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      // Outlives the container: a worker restarted in its pod takes its partitions back at once.
      { name: 'CHAT_INSTANCE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    ports: [{ name: 'admin', containerPort: ADMIN_PORT }],
    resources,
    securityContext: containerSecurity(),
    ...programProbes(),
    volumeMounts,
  };
  const podSpec = {
    ...podBasics(),
    ...(spec.imagePullSecrets.length > 0 ? { imagePullSecrets: spec.imagePullSecrets } : {}),
    terminationGracePeriodSeconds: STOP_SECONDS,
    containers: [container],
    volumes,
  };
  return {
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: childMetadata(owner, 'worker', configName),
      immutable: true,
      data: { 'config.json': canonical(config) },
    },
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: childMetadata(owner, 'worker', childNames.worker(owner)),
      spec: {
        replicas: spec.workers.replicas,
        revisionHistoryLimit: 3,
        // One after the other: each change of membership makes the whole group pause for a moment.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: selectorLabels(owner, 'worker') },
        template: { metadata: { labels: childLabels(owner, 'worker') }, spec: podSpec },
      },
    },
  };
}

function rulesMount({ workers }: ChatPlatformSpec): Mounted[] {
  return workers.rules ? [configMapMount('rules', workers.rules.configMapRef.name, MOUNTS.rules)] : [];
}
