import { canonical, hashOf, projection } from './applied-state.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { keyOf, type KubeObject, resourceOf } from './resource.ts';

/** Annotation with the hash of the manifest that was applied last. */
export const APPLIED_HASH = 'chatplatform.dev/applied-hash';

/** What became of a manifest; `object` is the answer of the write, if there was one. */
export interface ApplyResult {
  readonly outcome: 'unchanged' | 'created' | 'updated';
  readonly object?: KubeObject;
}

/** Applies manifests of one owner, and writes only when something differs. */
export interface Applier {
  /** Whether {@link apply} would write, judged from the cached object alone. */
  differs(manifest: KubeObject, live: KubeObject | undefined): boolean;
  /**
   * Server-side apply of `manifest`, unless the live object shows it applied and unharmed.
   * @param live the cached object, undefined when the cache has none
   * @param exact refuse (`conflict`) when the object changed since it was cached
   * @throws {KubeError} `name-conflict` when the name is held by an object of somebody else
   */
  apply(manifest: KubeObject, live: KubeObject | undefined, exact?: boolean): Promise<ApplyResult>;
}

/**
 * The API server rewrites some values ("1000m" becomes "1"), so "what we wrote" is compared with the
 * answer of our last write, remembered here; after a restart one apply per such object refreshes it.
 */
export function createApplier(client: KubeClient): Applier {
  const answers = new Map<string, { hash: string; answer: string }>();
  const id = (manifest: KubeObject): string => `${manifest.kind}/${keyOf(manifest)}`;

  const differs: Applier['differs'] = (manifest, live) => {
    if (!live) return true;
    const hash = hashOf(manifest);
    if (live.metadata.annotations?.[APPLIED_HASH] !== hash) return true;
    const known = answers.get(id(manifest));
    const expected = known?.hash === hash ? known.answer : canonical(manifest);
    return canonical(projection(live, manifest)) !== expected;
  };

  return {
    differs,
    apply: async (manifest, cached, exact = false) => {
      if (!differs(manifest, cached)) return { outcome: 'unchanged' };
      // An object without our label is not in the cache: look before taking a name.
      const live =
        cached ??
        (await client.get(resourceOf(manifest), manifest.metadata.namespace ?? '', manifest.metadata.name));
      if (live && !ownedAlike(live, manifest)) throw nameConflict(manifest);
      const hash = hashOf(manifest);
      const annotations = { ...manifest.metadata.annotations, [APPLIED_HASH]: hash };
      const answer = await client.apply({
        ...manifest,
        metadata: { ...manifest.metadata, ...identity(live, exact), annotations },
      });
      answers.set(id(manifest), { hash, answer: canonical(projection(answer, manifest)) });
      return { outcome: live ? 'updated' : 'created', object: answer };
    },
  };
}

/** The UID turns an apply into an update of exactly this object, the version of exactly this state of it. */
function identity(live: KubeObject | undefined, exact: boolean): { uid?: string; resourceVersion?: string } {
  const { uid, resourceVersion } = live?.metadata ?? {};
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(exact && resourceVersion !== undefined ? { resourceVersion } : {}),
  };
}

const controllerOf = (object: KubeObject): string | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true)?.uid;

function ownedAlike(live: KubeObject, manifest: KubeObject): boolean {
  return controllerOf(live) === controllerOf(manifest);
}

function nameConflict(manifest: KubeObject): KubeError {
  return new KubeError(
    'name-conflict',
    `${manifest.kind} "${manifest.metadata.name}" exists and belongs to something else: delete or rename it, or give the platform another name`,
  );
}
