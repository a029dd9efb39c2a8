import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { type KubeObject, keyOf } from '../kube/resource.ts';

/** Objects in memory with versions and preconditions; counts writes. For tests of what writes few objects. */
export class MemoryClient implements KubeClient {
  readonly objects = new Map<string, KubeObject>();
  readonly writes: string[] = [];
  /** Thrown by every call while set. */
  failure: Error | undefined;
  #version = 0;

  get(resource: { kind: string }, namespace: string, name: string): Promise<KubeObject | undefined> {
    return this.#answer(() => this.objects.get(`${resource.kind}/${namespace}/${name}`));
  }

  create(object: KubeObject): Promise<KubeObject> {
    return this.#answer(() => {
      if (this.objects.has(this.#id(object))) throw new KubeError('already-exists', 'exists');
      return this.#store('create', object);
    });
  }

  replace(object: KubeObject): Promise<KubeObject> {
    return this.#answer(() => {
      const live = this.objects.get(this.#id(object));
      if (live?.metadata.resourceVersion !== object.metadata.resourceVersion)
        throw new KubeError('conflict', 'changed');
      return this.#store('replace', object);
    });
  }

  apply(object: KubeObject): Promise<KubeObject> {
    return this.#answer(() => this.#store('apply', { ...this.objects.get(this.#id(object)), ...object }));
  }

  patch(): Promise<KubeObject> {
    return Promise.reject(new Error('not part of this client'));
  }

  list(): Promise<never> {
    return Promise.reject(new Error('not part of this client'));
  }

  watch(): Promise<never> {
    return Promise.reject(new Error('not part of this client'));
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('not part of this client'));
  }

  #id(object: KubeObject): string {
    return `${object.kind}/${keyOf(object)}`;
  }

  async #answer<T>(act: () => T): Promise<T> {
    await Promise.resolve();
    if (this.failure) throw this.failure;
    return act();
  }

  #store(verb: string, object: KubeObject): KubeObject {
    this.#version += 1;
    this.writes.push(`${verb} ${this.#id(object)}`);
    const uid = object.metadata.uid ?? `uid-${this.#version}`;
    const stored = {
      ...object,
      metadata: { ...object.metadata, uid, resourceVersion: String(this.#version) },
    };
    this.objects.set(this.#id(object), stored);
    return stored;
  }
}
