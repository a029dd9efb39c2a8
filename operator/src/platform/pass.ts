import type { ChatPlatformSpec, ConditionType } from '@chatplatform/platform';
import {
  type Applier,
  type EventNote,
  isKubeError,
  type KubeClient,
  type KubeObject,
  keyOf,
  resourceOf,
  type ResourceType,
} from '../kube/index.ts';
import type { Owner } from '../resources/labels.ts';
import type { Caches } from './caches.ts';
import { Reasons } from './reasons.ts';

/** A condition before it has times. */
export interface ConditionDraft {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** Something that could not be written. */
export interface Problem {
  readonly reason: string;
  readonly message: string;
  /** Worth an early retry. */
  readonly retry: boolean;
}

/** What a pass is given. */
export interface PassInput {
  readonly object: KubeObject;
  readonly spec: ChatPlatformSpec;
  readonly owner: Owner;
  readonly client: KubeClient;
  readonly applier: Applier;
  readonly caches: Caches;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * One reconciliation of one platform. All writes of the components go through here: a paused platform
 * is only told what would change, what is kept is remembered for pruning, and one object that cannot
 * be written never stops the others.
 */
export class Pass {
  readonly object: KubeObject;
  readonly spec: ChatPlatformSpec;
  readonly owner: Owner;
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly now: number;
  readonly problems: Problem[] = [];
  readonly notes: EventNote[] = [];
  /** What would be written if the platform were not paused. */
  readonly preview: string[] = [];
  readonly #applier: Applier;
  readonly #kept = new Set<string>();

  constructor(input: PassInput) {
    this.object = input.object;
    this.spec = input.spec;
    this.owner = input.owner;
    this.client = input.client;
    this.caches = input.caches;
    this.now = input.now;
    this.#applier = input.applier;
  }

  get paused(): boolean {
    return this.spec.management === 'Paused';
  }

  /** Keeps an object from being pruned. */
  keep(kind: string, name: string): void {
    this.#kept.add(`${kind}/${name}`);
  }

  keeps(object: KubeObject): boolean {
    return this.#kept.has(`${object.kind}/${object.metadata.name}`);
  }

  live(resource: ResourceType, name: string): KubeObject | undefined {
    return this.caches.get(resource, this.owner.namespace, name);
  }

  /** Makes the cluster hold `manifest`. @param exact only if nobody changed the object meanwhile */
  async apply(manifest: KubeObject, exact = false): Promise<void> {
    this.keep(manifest.kind, manifest.metadata.name);
    const live = this.live(resourceOf(manifest), manifest.metadata.name);
    if (!this.#applier.differs(manifest, live)) return;
    await this.act(`${live ? 'update' : 'create'} ${manifest.kind} ${manifest.metadata.name}`, async () => {
      const { object } = await this.#applier.apply(manifest, live, exact);
      if (object) this.caches.learn(object);
    });
  }

  /** Writes one thing, unless paused. Failures are collected, lost leadership is not. */
  async act(what: string, write: () => Promise<void>): Promise<void> {
    if (this.paused) {
      this.preview.push(what);
      return;
    }
    try {
      await write();
    } catch (error) {
      if (isKubeError(error, 'not-leader')) throw error;
      this.problems.push(problemOf(what, error));
    }
  }

  /** JSON merge patch of an object in its cached version. @throws never; conflicts come back as problems */
  async patch(
    resource: ResourceType,
    object: KubeObject,
    patch: { metadata?: object; spec?: object },
  ): Promise<void> {
    const { resourceVersion, name } = object.metadata;
    await this.act(`change ${resource.kind} ${name}`, async () => {
      const body = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
      const target = { namespace: this.owner.namespace, name };
      this.caches.learn({ ...(await this.client.patch(resource, target, body)), kind: resource.kind });
    });
  }

  note(note: EventNote): void {
    this.notes.push(note);
  }

  get key(): string {
    return keyOf(this.object);
  }
}

function problemOf(what: string, error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  if (isKubeError(error, 'name-conflict')) return { reason: Reasons.nameConflict, message, retry: false };
  if (isKubeError(error, 'invalid')) {
    const remedy = 'change the field back, or delete the object so that it is made anew';
    return {
      reason: Reasons.fieldImmutable,
      message: `could not ${what}: ${message}; ${remedy}`,
      retry: false,
    };
  }
  if (isKubeError(error, 'terminating')) {
    return {
      reason: Reasons.namespaceTerminating,
      message: 'the namespace is being deleted, and everything in it',
      retry: false,
    };
  }
  return { reason: Reasons.writeFailed, message: `could not ${what}: ${message}`, retry: true };
}
