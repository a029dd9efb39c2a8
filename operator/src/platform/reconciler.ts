import { ChatPlatformSpec, type ChatPlatformStatus, isSigned } from '@chatplatform/platform';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import {
  type Applier,
  type EventNote,
  type EventRecorder,
  type KubeClient,
  KubeError,
  type KubeObject,
  Resources,
} from '../kube/index.ts';
import { keysSecret, type MakeKey } from '../resources/keys-secret.ts';
import { childNames, type Owner } from '../resources/labels.ts';
import { signingSecret } from '../resources/signing-secret.ts';
import type { Caches } from './caches.ts';
import type { ComponentResult } from './component.ts';
import { allConditions } from './conditions.ts';
import type { GatewayAdmin } from './gateway/admin.ts';
import { reconcileGateways } from './gateway/component.ts';
import { reconcileKafka } from './kafka/component.ts';
import { Pass } from './pass.ts';
import { prune } from './prune.ts';
import { Reasons } from './reasons.ts';
import { reconcileRedis } from './redis/component.ts';
import { nextStatus, remembered, statusOf, transitionNotes, writeStatus } from './status.ts';
import { FINALIZER, tearDown } from './teardown.ts';
import { configurationWarning } from './warnings.ts';
import type { Watches } from './watches.ts';
import { reconcileWorkers } from './workers/component.ts';

/** Images a platform runs unless its spec names another. */
export interface Images {
  readonly chat: string;
  readonly kafka: string;
  readonly redis: string;
}

/** What the reconciler is given. */
export interface ReconcilerDeps {
  readonly client: KubeClient;
  readonly applier: Applier;
  readonly caches: Caches;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly admin: GatewayAdmin;
  readonly watches: Watches;
  readonly images: Images;
  readonly makeKey: MakeKey;
}

// Everything is looked at again from time to time, though every change is told.
const RESYNC_MS = 600_000;
// After a write that failed for a reason a retry does not cure by itself.
const STUCK_RETRY_MS = 60_000;

/** Brings one platform, named by `namespace/name`, one step nearer to what its spec asks for. */
export type Reconcile = (key: string) => Promise<{ requeueAfterMs?: number }>;

/**
 * Level-triggered: a pass looks at the object, its children and the stores as they are, and decides
 * from nothing else. Every component always runs and reports; none stops another.
 */
export function createReconciler(deps: ReconcilerDeps): Reconcile {
  return async (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const object = deps.caches.get(Resources.chatPlatform, namespace, name);
    if (!object?.metadata.uid) {
      await deps.watches.forget(key);
      return {};
    }
    const owner = { namespace, name, uid: object.metadata.uid };
    const parsed = ChatPlatformSpec.safeParse(object['spec']);
    if (object.metadata.deletionTimestamp !== undefined)
      return remove(deps, { object, owner, spec: parsed.data });
    if (!parsed.success) {
      const faults = parsed.error.issues.map((issue) => `spec.${issue.path.join('.')}: ${issue.message}`);
      return refuse(deps, object, faults.join('; '));
    }
    return reconcile(deps, { object, owner, spec: parsed.data });
  };
}

interface Subject {
  readonly object: KubeObject;
  readonly owner: Owner;
  readonly spec: ChatPlatformSpec;
}

async function reconcile(deps: ReconcilerDeps, subject: Subject): Promise<{ requeueAfterMs: number }> {
  const pass = new Pass({
    ...subject,
    client: deps.client,
    applier: deps.applier,
    caches: deps.caches,
    now: deps.clock.now(),
  });
  const { spec } = pass;
  await ensureFinalizer(pass);
  const token = await ensureKeys(pass, deps.makeKey);
  const watches = await deps.watches.of(pass);
  const image = spec.image ?? deps.images.chat;
  const results = [
    await reconcileKafka(pass, { image: deps.images.kafka, observation: watches.kafka }),
    await reconcileRedis(pass, { image: deps.images.redis, observation: watches.redis }),
    await reconcileWorkers(pass, { image, kafka: watches.kafka }),
    await reconcileGateways(pass, { admin: deps.admin, image, token }),
  ];
  await prune(pass);
  const warning = await configurationWarning(pass);
  const seen = remembered(
    pass.object,
    [...results.flatMap((result) => result.conditions), warning],
    results.reduce<Partial<ChatPlatformStatus>>((all, result) => ({ ...all, ...result.status }), {}),
  );
  const conditions = allConditions(pass, seen.conditions);
  await report(deps, pass, nextStatus({ object: pass.object, conditions, parts: seen.parts, now: pass.now }));
  return { requeueAfterMs: after(pass, results) };
}

/** When to look again; throws what a retry may cure, so that the queue backs off. */
function after(pass: Pass, results: readonly ComponentResult[]): number {
  const failed = pass.problems.find((problem) => problem.retry);
  if (failed) throw new KubeError('conflict', failed.message);
  const soonest = Math.min(RESYNC_MS, ...results.map((result) => result.requeueAfterMs ?? RESYNC_MS));
  return pass.problems.length > 0 ? Math.min(soonest, STUCK_RETRY_MS) : soonest;
}

async function report(deps: ReconcilerDeps, pass: Pass, status: ChatPlatformStatus): Promise<void> {
  const current =
    deps.caches.get(Resources.chatPlatform, pass.owner.namespace, pass.owner.name) ?? pass.object;
  const written = await writeStatus(deps.client, current, status);
  if (written) deps.caches.learn(written);
  const notes: EventNote[] = [...pass.notes, ...(written ? transitionNotes(statusOf(current), status) : [])];
  for (const note of notes) await deps.events.record(pass.object, note);
}

/** A spec that passed admission once and cannot be read now (an older operator reads a newer object). */
async function refuse(
  deps: ReconcilerDeps,
  object: KubeObject,
  message: string,
): Promise<{ requeueAfterMs: number }> {
  const conditions = (['Reconciled', 'Ready'] as const).map((type) => ({
    type,
    status: 'False' as const,
    reason: Reasons.invalidSpec,
    message,
  }));
  const written = await writeStatus(
    deps.client,
    object,
    nextStatus({ object, conditions, parts: {}, now: deps.clock.now() }),
  );
  if (written) deps.caches.learn(written);
  return { requeueAfterMs: RESYNC_MS };
}

async function ensureFinalizer(pass: Pass): Promise<void> {
  const { finalizers = [] } = pass.object.metadata;
  if (finalizers.includes(FINALIZER)) return;
  await pass.patch(Resources.chatPlatform, pass.object, {
    metadata: { finalizers: [...finalizers, FINALIZER] },
  });
}

/** Creates the platform's own keys once; returns the admin token. */
async function ensureKeys(pass: Pass, makeKey: MakeKey): Promise<string> {
  const { owner, spec } = pass;
  if (isSigned(spec)) await ensureSecret(pass, signingSecret(owner, makeKey));
  return tokenOf(await ensureSecret(pass, keysSecret(owner, makeKey))) ?? '';
}

/** Creates a Secret of the platform's own unless it is there; what is in it is never changed. */
async function ensureSecret(pass: Pass, fresh: KubeObject): Promise<KubeObject | undefined> {
  const { owner } = pass;
  const { name } = fresh.metadata;
  let secret = await pass.client.get(Resources.secret, owner.namespace, name);
  if (!secret) {
    await pass.act(`create Secret ${name}`, async () => {
      secret = await pass.client.create(fresh);
    });
  }
  if (secret && !secret.metadata.ownerReferences?.some((reference) => reference.uid === owner.uid)) {
    const message = `Secret "${name}" exists and belongs to something else: delete or rename it`;
    pass.problems.push({ reason: Reasons.nameConflict, message, retry: false });
  }
  return secret;
}

function tokenOf(secret: KubeObject | undefined): string | undefined {
  const text = (secret?.['data'] as Record<string, string> | undefined)?.['admin-token'];
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

async function remove(
  deps: ReconcilerDeps,
  { object, owner, spec }: Omit<Subject, 'spec'> & { spec: ChatPlatformSpec | undefined },
): Promise<{ requeueAfterMs?: number }> {
  const key = `${owner.namespace}/${owner.name}`;
  const secret = await deps.client.get(Resources.secret, owner.namespace, childNames.keys(owner));
  const result = await tearDown({
    object,
    owner,
    spec,
    client: deps.client,
    caches: deps.caches,
    admin: deps.admin,
    token: tokenOf(secret),
    deleteTopics: (topics) => deps.watches.deleteTopics(key, topics),
    note: (note) => deps.events.record(object, note),
    now: deps.clock.now(),
  });
  if (result.requeueAfterMs === undefined) await deps.watches.forget(key);
  return result;
}
