import { type KubeObject, type Reflector, Resources, type ResourceType } from '../kube/index.ts';
import { type Owner, PLATFORM_LABEL } from '../resources/labels.ts';

/** Kinds of children that are watched and pruned. Secrets are not: they are read by name only. */
export const CHILD_RESOURCES = [
  Resources.deployment,
  Resources.statefulSet,
  Resources.service,
  Resources.configMap,
  Resources.podDisruptionBudget,
] as const;

/** The operator's view of the cluster. */
export interface Caches {
  get(resource: ResourceType, namespace: string, name: string): KubeObject | undefined;
  list(resource: ResourceType, filter: (object: KubeObject) => boolean): KubeObject[];
  learn(object: KubeObject): void;
}

/** Caches over one reflector per kind. */
export function cachesOf(reflectors: ReadonlyMap<string, Reflector>): Caches {
  return {
    get: (resource, namespace, name) => reflectors.get(resource.kind)?.get(namespace, name),
    list: (resource, filter) => reflectors.get(resource.kind)?.list(filter) ?? [],
    learn: (object) => reflectors.get(object.kind)?.learn(object),
  };
}

/** Objects of a kind that carry the platform's label and name its object as controller. */
export function ownedBy(caches: Caches, resource: ResourceType, owner: Owner): KubeObject[] {
  return caches.list(resource, (object) => isOwned(object, owner));
}

/** Whether an object belongs to exactly this platform (not to an earlier one of the same name). */
export function isOwned(object: KubeObject, owner: Owner): boolean {
  return (
    object.metadata.namespace === owner.namespace &&
    object.metadata.labels?.[PLATFORM_LABEL] === owner.name &&
    (object.metadata.ownerReferences ?? []).some(
      (reference) => reference.controller === true && reference.uid === owner.uid,
    )
  );
}

/** Pods of a component, judged by label: their owners are ReplicaSets. */
export function podsOf(caches: Caches, owner: Owner, labels: Readonly<Record<string, string>>): KubeObject[] {
  return caches.list(
    Resources.pod,
    (pod) =>
      pod.metadata.namespace === owner.namespace &&
      Object.entries(labels).every(([label, value]) => pod.metadata.labels?.[label] === value),
  );
}
