import { type ChatPlatformSpec, gatewayConfig } from '@chatplatform/platform';
import { canonical, hashOf, type KubeObject } from '../kube/index.ts';
import {
  ACCEPTING_LABEL,
  childLabels,
  childMetadata,
  childNames,
  type Owner,
  REVISION_LABEL,
  selectorLabels,
} from './labels.ts';
import {
  ADMIN_PORT,
  CHAT_PROGRAM,
  configMapMount,
  containerResources,
  containerSecurity,
  GATEWAY_PORT,
  heapOption,
  mountLists,
  MOUNTS,
  podBasics,
  programProbes,
  secretMount,
} from './pod.ts';
import { kafkaConnection, redisConnection, signingMounts, storeMounts } from './secret-files.ts';

/**
 * Version of the template below. A change that would alter the pods of an unchanged platform needs a
 * new version that old platforms do not get by themselves: an operator upgrade never rolls gateways.
 * The golden file beside the test freezes it.
 */
export const TEMPLATE_VERSION = 1;

// What the gateways wait for endpoint removal to spread, and what is left after the drain for closing.
const START_DELAY_SECONDS = 5;
const CLOSING_SECONDS = 30;
const HASH_LENGTH = 8;

const DEFAULT_RESOURCES = { cpu: '50m', memory: '128Mi', memoryLimit: '512Mi' };

/** The image every program of a platform runs, and how it is pulled. */
export interface ChatImage {
  readonly image: string;
}

/** One revision of the gateways: its pods and the configuration they need a restart for. */
export interface GatewayRevision {
  readonly revision: string;
  readonly configMap: KubeObject;
  /** The Deployment with this many replicas. */
  deployment(replicas: number): KubeObject;
}

/** Pure: the revision that `spec` asks for. Equal templates and configurations have equal revisions. */
export function gatewayRevision(spec: ChatPlatformSpec, owner: Owner, { image }: ChatImage): GatewayRevision {
  const config = gatewayConfig(spec, {
    platform: { namespace: owner.namespace, name: owner.name },
    kafka: kafkaConnection(spec, owner),
    redis: redisConnection(spec, owner),
    paths: {
      authKey: `${MOUNTS.auth}/key`,
      resumeKey: `${MOUNTS.keys}/resume-key`,
      adminToken: `${MOUNTS.keys}/admin-token`,
      live: `${MOUNTS.live}/config.json`,
      tls: MOUNTS.tls,
      signingKeys: `${MOUNTS.signing}/keys.json`,
      webhookSecrets: MOUNTS.webhooks,
      rules: MOUNTS.rules,
    },
  });
  const template = (revision: string) => podTemplate(spec, owner, { image, revision });
  const revision = hashOf({ version: TEMPLATE_VERSION, config, template: template('') }, HASH_LENGTH);
  const name = childNames.gatewayRevision(owner, revision);
  const metadata = childMetadata(owner, 'gateway', name);
  const labels = { ...metadata.labels, [REVISION_LABEL]: revision };
  return {
    revision,
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, labels },
      immutable: true,
      data: { 'config.json': canonical(config) },
    },
    deployment: (replicas) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, labels },
      spec: {
        replicas,
        // Revisions are Deployments of their own, so one Deployment never needs its own history.
        revisionHistoryLimit: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        selector: { matchLabels: { ...selectorLabels(owner, 'gateway'), [REVISION_LABEL]: revision } },
        template: template(revision),
      },
    }),
  };
}

interface TemplateInput extends ChatImage {
  readonly revision: string;
}

function podTemplate(spec: ChatPlatformSpec, owner: Owner, { image, revision }: TemplateInput): unknown {
  const resources = containerResources(spec.gateway.resources, DEFAULT_RESOURCES);
  const { volumes, volumeMounts } = mountLists([
    configMapMount('config', childNames.gatewayRevision(owner, revision), MOUNTS.config),
    configMapMount('live', childNames.gatewayLive(owner), MOUNTS.live),
    secretMount('keys', childNames.keys(owner), MOUNTS.keys),
    ...authMount(spec),
    ...tlsMount(spec),
    ...storeMounts(spec),
    ...signingMounts(spec, owner),
  ]);
  return {
    metadata: {
      labels: { ...childLabels(owner, 'gateway'), [REVISION_LABEL]: revision, [ACCEPTING_LABEL]: 'true' },
    },
    spec: {
      ...podBasics(),
      ...(spec.imagePullSecrets.length > 0 ? { imagePullSecrets: spec.imagePullSecrets } : {}),
      terminationGracePeriodSeconds:
        START_DELAY_SECONDS + spec.gateway.drain.timeoutSeconds + CLOSING_SECONDS,
      containers: [
        {
          name: 'gateway',
          image,
          imagePullPolicy: spec.imagePullPolicy,
          command: [...CHAT_PROGRAM, 'gateway', '--config', `${MOUNTS.config}/config.json`],
          env: [
            { name: 'NODE_OPTIONS', value: heapOption(resources.limits['memory'] ?? '') },
            { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          ],
          ports: [
            { name: 'ws', containerPort: GATEWAY_PORT },
            { name: 'admin', containerPort: ADMIN_PORT },
          ],
          resources,
          securityContext: containerSecurity(),
          ...programProbes(),
          // The last net: whoever deletes the pod, its clients move first.
          lifecycle: { preStop: { exec: { command: [...CHAT_PROGRAM, 'gateway', '--drain-and-wait'] } } },
          volumeMounts,
        },
      ],
      volumes,
    },
  };
}

// A folder, not single files: those would never show a renewed certificate.
function tlsMount({ gateway: { tls } }: ChatPlatformSpec) {
  return tls ? [secretMount('tls', tls.secretName, MOUNTS.tls)] : [];
}

function authMount(spec: ChatPlatformSpec) {
  const ref = spec.auth.keySecretRef;
  return ref ? [secretMount('auth', ref.name, MOUNTS.auth, { [ref.key]: 'key' })] : [];
}
