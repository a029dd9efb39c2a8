import { type KubeObject, resourceOf } from '../kube/index.ts';
import { CHILD_RESOURCES, isOwned, ownedBy } from './caches.ts';
import type { Pass } from './pass.ts';
import { Reasons } from './reasons.ts';

/**
 * Deletes children that the spec no longer asks for. Judged by label and owner UID, confirmed by a read
 * of the live object, and bound to exactly that state of it. Skipped while anything failed: an
 * incomplete pass does not know what is wanted.
 */
export async function prune(pass: Pass): Promise<void> {
  if (pass.problems.length > 0) return;
  const orphans = CHILD_RESOURCES.flatMap((resource) => ownedBy(pass.caches, resource, pass.owner)).filter(
    (object) => !pass.keeps(object) && object.metadata.deletionTimestamp === undefined,
  );
  for (const orphan of orphans)
    await pass.act(`delete ${orphan.kind} ${orphan.metadata.name}`, () => remove(pass, orphan));
}

async function remove(pass: Pass, cached: KubeObject): Promise<void> {
  const resource = resourceOf(cached);
  const { namespace } = pass.owner;
  const { name } = cached.metadata;
  const live = await pass.client.get(resource, namespace, name);
  if (!live || !isOwned(live, pass.owner)) return;
  const { uid, resourceVersion } = live.metadata;
  if (uid === undefined || resourceVersion === undefined) return;
  await pass.client.delete(resource, { namespace, name }, { preconditions: { uid, resourceVersion } });
  pass.note({
    type: 'Normal',
    reason: Reasons.pruned,
    message: `${cached.kind} ${name} is not needed any more and was deleted`,
  });
}
