import type { IncomingMessage } from 'node:http';
import { isKubeError } from './errors.ts';
import { type KubeObject, pathOf, resourceOf, type ResourceType } from './resource.ts';
import { CALL_TIMEOUT_MS, type Transport } from './transport.ts';

/** Field manager of everything the operator applies. */
export const FIELD_MANAGER = 'chatplatform-operator';

/** A page of a list. */
export interface ListPage {
  readonly items: KubeObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

/** What must still be true of an object for a destructive call to happen. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Which objects a list or watch is about. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** Typed by resource, untyped by content: manifests are plain objects here. */
export interface KubeClient {
  get(resource: ResourceType, namespace: string, name: string): Promise<KubeObject | undefined>;
  list(
    resource: ResourceType,
    selection: Selection,
    page?: { limit: number; continue?: string },
  ): Promise<ListPage>;
  watch(resource: ResourceType, selection: Selection, options: WatchOptions): Promise<IncomingMessage>;
  /** @throws {KubeError} `already-exists`. */
  create(object: KubeObject): Promise<KubeObject>;
  /** Server-side apply; takes over fields other managers own (drift is restored). */
  apply(object: KubeObject, subresource?: string): Promise<KubeObject>;
  /** JSON merge patch; preconditions go into the patch's metadata. */
  patch(resource: ResourceType, target: Target, patch: object): Promise<KubeObject>;
  replace(object: KubeObject): Promise<KubeObject>;
  /** Absent already = done. @throws {KubeError} `conflict` when a precondition fails. */
  delete(resource: ResourceType, target: Target, options?: DeleteOptions): Promise<void>;
}

/** One object, or one of its subresources. */
export interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: string;
}

/** How to delete. */
export interface DeleteOptions {
  readonly preconditions?: Preconditions;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
}

/** How to watch. */
export interface WatchOptions {
  readonly resourceVersion: string;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/**
 * @param fence called before every write; throws when this process may not write (lost leadership).
 * @param timeoutMs how long one call may take
 */
export function kubeClient(
  transport: Transport,
  fence: () => void = () => undefined,
  timeoutMs: number = CALL_TIMEOUT_MS,
): KubeClient {
  const read: Transport['call'] = (request) => transport.call({ timeoutMs, ...request });
  const write: Transport['call'] = (request) => {
    fence();
    return read(request);
  };
  const objectPath = (object: KubeObject, subresource?: string): string =>
    pathOf(resourceOf(object), object.metadata.namespace, object.metadata.name, subresource);
  return {
    get: async (resource, namespace, name) => {
      try {
        return (await read({
          method: 'GET',
          path: pathOf(resource, namespace, name),
        })) as KubeObject;
      } catch (error) {
        if (isKubeError(error, 'not-found')) return undefined;
        throw error;
      }
    },
    list: async (resource, { namespace, labelSelector }, page) => {
      const query = { labelSelector, limit: page?.limit, continue: page?.continue };
      const answer = (await read({
        method: 'GET',
        path: pathOf(resource, namespace),
        query,
      })) as ListAnswer;
      return pageOf(resource, answer);
    },
    watch: (resource, { namespace, labelSelector }, { resourceVersion, timeoutSeconds, signal }) =>
      transport.stream({
        method: 'GET',
        path: pathOf(resource, namespace),
        query: { watch: true, allowWatchBookmarks: true, labelSelector, resourceVersion, timeoutSeconds },
        signal,
      }),
    create: async (object) =>
      (await write({
        method: 'POST',
        path: pathOf(resourceOf(object), object.metadata.namespace),
        query: { fieldManager: FIELD_MANAGER },
        body: object,
      })) as KubeObject,
    apply: async (object, subresource) =>
      (await write({
        method: 'PATCH',
        path: objectPath(object, subresource),
        query: { fieldManager: FIELD_MANAGER, force: true },
        body: object,
        contentType: 'application/apply-patch+yaml',
      })) as KubeObject,
    patch: async (resource, target, patch) =>
      (await write({
        method: 'PATCH',
        path: pathOf(resource, target.namespace, target.name, target.subresource),
        query: { fieldManager: FIELD_MANAGER },
        body: patch,
        contentType: 'application/merge-patch+json',
      })) as KubeObject,
    replace: async (object) =>
      (await write({ method: 'PUT', path: objectPath(object), body: object })) as KubeObject,
    delete: async (resource, target, options = {}) => {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: options.propagation ?? 'Background',
        ...(options.preconditions ? { preconditions: options.preconditions } : {}),
      };
      try {
        await write({ method: 'DELETE', path: pathOf(resource, target.namespace, target.name), body });
      } catch (error) {
        if (!isKubeError(error, 'not-found')) throw error;
      }
    },
  };
}

interface ListAnswer {
  readonly items?: KubeObject[];
  readonly metadata?: { resourceVersion?: string; continue?: string };
}

/** Items of a list carry no kind of their own. */
function pageOf(resource: ResourceType, answer: ListAnswer): ListPage {
  const items = (answer.items ?? []).map((item) => ({
    ...item,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
  }));
  const next = answer.metadata?.continue;
  return {
    items,
    resourceVersion: answer.metadata?.resourceVersion ?? '',
    ...(next ? { continue: next } : {}),
  };
}
