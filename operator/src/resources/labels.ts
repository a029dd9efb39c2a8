import type { OwnerReference } from '../kube/index.ts';

/** Marks everything that belongs to a platform; the operator's caches select by it. */
export const PLATFORM_LABEL = 'chatplatform.dev/platform';
/** `gateway`, `worker`, `kafka` or `redis`. */
export const COMPONENT_LABEL = 'chatplatform.dev/component';
/** Revision of a gateway's pod template. */
export const REVISION_LABEL = 'chatplatform.dev/revision';
/** "true": the client Service sends new connections here. In no selector of a Deployment or PDB. */
export const ACCEPTING_LABEL = 'chatplatform.dev/accepting';

/** The parts of a platform that have pods. */
export type ComponentName = 'gateway' | 'worker' | 'kafka' | 'redis';

/** The platform a manifest is made for. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What selects the pods of a component. Never changes: selectors are immutable. */
export function selectorLabels(owner: Owner, component: ComponentName): Record<string, string> {
  return { [PLATFORM_LABEL]: owner.name, [COMPONENT_LABEL]: component };
}

/** All labels of a child. */
export function childLabels(owner: Owner, component: ComponentName): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'chatplatform',
    'app.kubernetes.io/instance': owner.name,
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/managed-by': 'chatplatform-operator',
    ...selectorLabels(owner, component),
  };
}

/** Metadata of a child: named, labelled, and deleted with its platform. */
export function childMetadata(
  owner: Owner,
  component: ComponentName,
  name: string,
): { name: string; namespace: string; labels: Record<string, string>; ownerReferences: OwnerReference[] } {
  return {
    name,
    namespace: owner.namespace,
    labels: childLabels(owner, component),
    ownerReferences: [
      {
        apiVersion: 'chatplatform.dev/v1alpha1',
        kind: 'ChatPlatform',
        name: owner.name,
        uid: owner.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

/** Names of the children. */
export const childNames = {
  gateway: (owner: Owner) => `${owner.name}-gateway`,
  gatewayRevision: (owner: Owner, revision: string) => `${owner.name}-gateway-${revision}`,
  gatewayLive: (owner: Owner) => `${owner.name}-gateway-live`,
  worker: (owner: Owner) => `${owner.name}-worker`,
  workerConfig: (owner: Owner, hash: string) => `${owner.name}-worker-${hash}`,
  kafka: (owner: Owner) => `${owner.name}-kafka`,
  redis: (owner: Owner) => `${owner.name}-redis`,
  keys: (owner: Owner) => `${owner.name}-keys`,
  signing: (owner: Owner) => `${owner.name}-signing`,
};
