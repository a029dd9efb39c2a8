import type { ChatPlatformSpec } from '@chatplatform/platform';
import { type EventNote, type KubeClient, type KubeObject, Resources } from '../kube/index.ts';
import { COMPONENT_LABEL, type Owner, selectorLabels } from '../resources/labels.ts';
import { type Caches, ownedBy, podsOf } from './caches.ts';
import type { GatewayAdmin } from './gateway/admin.ts';
import { podAddress } from './gateway/pod-view.ts';
import { Reasons } from './reasons.ts';

/** Keeps a deleted platform until clients, workers and topics are taken care of. */
export const FINALIZER = 'chatplatform.dev/teardown';
/** Annotation with the topics that the operator created, separated by commas. */
export const CREATED_TOPICS = 'chatplatform.dev/created-topics';
/** Annotation: "true" gives up on topics that cannot be deleted. */
export const FORCE_TEARDOWN = 'chatplatform.dev/force-teardown';

// Clients of a deleted platform have nowhere to go: they are told, not moved.
const SHORT_DRAIN_SECONDS = 5;
// How long the workers and gateways get before the rest is left to garbage collection.
const PATIENCE_MS = 60_000;
const AGAIN_MS = 1000;

/** What a teardown works with. `spec` is undefined when it cannot be read any more. */
export interface Teardown {
  readonly object: KubeObject;
  readonly spec: ChatPlatformSpec | undefined;
  readonly owner: Owner;
  readonly client: KubeClient;
  readonly caches: Caches;
  readonly admin: GatewayAdmin;
  readonly token: string | undefined;
  readonly deleteTopics: (topics: readonly string[]) => Promise<void>;
  readonly note: (note: EventNote) => Promise<void>;
  readonly now: number;
}

/** One pass over a platform that is being deleted. Creates nothing; each step may be repeated. */
export async function tearDown(run: Teardown): Promise<{ requeueAfterMs?: number }> {
  if (!run.object.metadata.finalizers?.includes(FINALIZER)) return {};
  const began = Date.parse(run.object.metadata.deletionTimestamp ?? '') || run.now;
  await run.note({
    type: 'Normal',
    reason: Reasons.teardownStarted,
    message: 'clients are told, then gateways and workers stop',
  });
  await shortDrain(run);
  const left = await stopWorkloads(run);
  const late = run.now - began >= PATIENCE_MS;
  if (left > 0 && !late) return { requeueAfterMs: AGAIN_MS };
  if (!(await topicsDone(run, late))) return { requeueAfterMs: AGAIN_MS * 5 };
  await release(run);
  return {};
}

async function shortDrain({ caches, owner, admin, token }: Teardown): Promise<void> {
  if (token === undefined) return;
  const addresses = podsOf(caches, owner, selectorLabels(owner, 'gateway')).map(podAddress);
  await Promise.all(
    addresses
      .filter((address) => address !== undefined)
      // A pod that does not listen is stopping already.
      .map((address) =>
        admin.drain(address, { token, timeoutSeconds: SHORT_DRAIN_SECONDS }).catch(() => undefined),
      ),
  );
}

/** Deletes the Deployments of gateways and workers; returns how many of their pods are left. */
async function stopWorkloads({ caches, owner, client }: Teardown): Promise<number> {
  const { namespace } = owner;
  for (const deployment of ownedBy(caches, Resources.deployment, owner)) {
    const component = deployment.metadata.labels?.[COMPONENT_LABEL];
    if (component !== 'gateway' && component !== 'worker') continue;
    const { name, uid, deletionTimestamp } = deployment.metadata;
    if (deletionTimestamp !== undefined || uid === undefined) continue;
    await client.delete(Resources.deployment, { namespace, name }, { preconditions: { uid } });
  }
  const pods = (component: 'gateway' | 'worker') =>
    podsOf(caches, owner, selectorLabels(owner, component)).length;
  return pods('gateway') + pods('worker');
}

/** Topics go only under Delete, only those we made, and only outside the broker that goes with us. */
async function topicsDone(run: Teardown, late: boolean): Promise<boolean> {
  const created = annotation(run, CREATED_TOPICS)?.split(',') ?? [];
  const ours = run.spec?.deletionPolicy === 'Delete' && run.spec.kafka.mode === 'External';
  if (!ours || created.length === 0) return true;
  try {
    await run.deleteTopics(created);
    return true;
  } catch (error) {
    return late && topicsStay(run, created, error instanceof Error ? error.message : String(error));
  }
}

const annotation = (run: Teardown, name: string): string | undefined =>
  run.object.metadata.annotations?.[name];

/** Whether whoever deletes the platform has agreed to leave its topics behind. */
async function topicsStay(run: Teardown, topics: readonly string[], why: string): Promise<boolean> {
  const forced = annotation(run, FORCE_TEARDOWN) === 'true';
  const message = forced
    ? `topics ${topics.join(', ')} stay: ${why}`
    : `topics cannot be deleted: ${why}; bring Kafka back, or annotate the platform with ${FORCE_TEARDOWN}=true to leave them`;
  await run.note({ type: 'Warning', reason: Reasons.teardownGaveUp, message });
  return forced;
}

async function release({ object, client, owner }: Teardown): Promise<void> {
  const { name, resourceVersion, finalizers = [] } = object.metadata;
  const metadata = { resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) };
  await client.patch(Resources.chatPlatform, { namespace: owner.namespace, name }, { metadata });
}
