/** What identifies an owner. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata as the operator reads it; what it does not use is not typed. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
}

/** Any Kubernetes object. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A kind of object and where the API server serves it. */
export interface ResourceType {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

const type = (apiVersion: string, kind: string, plural: string): ResourceType => ({
  apiVersion,
  kind,
  plural,
});

/** Every kind the operator touches. */
export const Resources = {
  chatPlatform: type('chatplatform.dev/v1alpha1', 'ChatPlatform', 'chatplatforms'),
  deployment: type('apps/v1', 'Deployment', 'deployments'),
  statefulSet: type('apps/v1', 'StatefulSet', 'statefulsets'),
  pod: type('v1', 'Pod', 'pods'),
  service: type('v1', 'Service', 'services'),
  configMap: type('v1', 'ConfigMap', 'configmaps'),
  secret: type('v1', 'Secret', 'secrets'),
  persistentVolumeClaim: type('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  event: type('v1', 'Event', 'events'),
  podDisruptionBudget: type('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  lease: type('coordination.k8s.io/v1', 'Lease', 'leases'),
} as const;

/** The resource type of a manifest. @throws {Error} for a kind the operator does not manage. */
export function resourceOf(object: { kind: string }): ResourceType {
  const found = Object.values(Resources).find((candidate) => candidate.kind === object.kind);
  if (!found) throw new Error(`kind ${object.kind} is not one the operator manages; add it to Resources`);
  return found;
}

/** URL path of a collection, or of one object with its subresource. */
export function pathOf(
  resource: ResourceType,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root = resource.apiVersion.includes('/')
    ? `/apis/${resource.apiVersion}`
    : `/api/${resource.apiVersion}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${resource.plural}${object}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** `namespace/name`: the key of the work queue and the caches. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
