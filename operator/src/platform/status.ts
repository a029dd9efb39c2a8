import { API_VERSION, type ChatPlatformStatus, type Condition, KIND } from '@chatplatform/platform';
import { canonical, type EventNote, type KubeClient, type KubeObject } from '../kube/index.ts';
import { TEMPLATE_VERSION } from '../resources/gateway-revision.ts';
import { stamped } from './conditions.ts';
import type { ConditionDraft } from './pass.ts';
import { Reasons } from './reasons.ts';

/** Version of the operator, shown in the status. */
export const OPERATOR_VERSION = '0.1.0';

/** What the status of a pass is made of. */
export interface StatusInput {
  readonly object: KubeObject;
  readonly conditions: readonly ConditionDraft[];
  readonly parts: Partial<ChatPlatformStatus>;
  readonly now: number;
}

/** The status a pass ends with. Pure; the old one is read for the times of its transitions only. */
export function nextStatus({ object, conditions, parts, now }: StatusInput): ChatPlatformStatus {
  const generation = object.metadata.generation ?? 0;
  return {
    observedGeneration: generation,
    operatorVersion: OPERATOR_VERSION,
    templateVersion: TEMPLATE_VERSION,
    ...parts,
    conditions: stamped(conditions, statusOf(object).conditions ?? [], { now, generation }),
  };
}

/**
 * What is not known yet (a probe has not answered since the operator started) is shown as it was last:
 * a restart of the operator is not news about the platform. For display only; nothing is decided from it.
 */
export function remembered(
  object: KubeObject,
  conditions: readonly ConditionDraft[],
  parts: Partial<ChatPlatformStatus>,
): { conditions: ConditionDraft[]; parts: Partial<ChatPlatformStatus> } {
  const before = statusOf(object);
  const last = (draft: ConditionDraft): ConditionDraft => {
    const known = before.conditions?.find((condition) => condition.type === draft.type);
    if (draft.status !== 'Unknown' || !known) return draft;
    return { type: draft.type, status: known.status, reason: known.reason, message: known.message };
  };
  const unknown = (type: string): boolean =>
    conditions.some((draft) => draft.type === type && draft.status === 'Unknown');
  return {
    conditions: conditions.map(last),
    parts: {
      ...parts,
      ...(unknown('TopicsReady') && before.kafka?.mode === parts.kafka?.mode ? { kafka: before.kafka } : {}),
      ...(unknown('TopicsReady') ? { workers: { ...before.workers, ...parts.workers } } : {}),
      ...(unknown('RedisReady') && before.redis?.mode === parts.redis?.mode ? { redis: before.redis } : {}),
    },
  };
}

/** Writes the status if it differs from the one that is there. */
export async function writeStatus(
  client: KubeClient,
  object: KubeObject,
  status: ChatPlatformStatus,
): Promise<KubeObject | undefined> {
  if (canonical(statusOf(object)) === canonical(status)) return undefined;
  const { name, namespace, uid } = object.metadata;
  return client.apply(
    {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
      status,
    },
    'status',
  );
}

/** The status an object carries. */
export function statusOf(object: KubeObject): ChatPlatformStatus {
  return object['status'] ?? {};
}

// Summaries repeat what a part says already; people read the parts.
const SILENT = new Set(['Degraded', 'Progressing', 'Reconciled']);

/** Events for conditions that changed, so that `kubectl describe` tells the story. */
export function transitionNotes(before: ChatPlatformStatus, after: ChatPlatformStatus): EventNote[] {
  return (after.conditions ?? [])
    .filter((condition) => {
      const known = before.conditions?.find((entry) => entry.type === condition.type);
      const quietStart = known === undefined && condition.status !== 'True';
      return !SILENT.has(condition.type) && !quietStart && known?.status !== condition.status;
    })
    .filter((condition) => !(condition.status === 'False' && OPPOSITE.has(condition.type)))
    .map((condition) => ({
      type: isBad(condition) ? 'Warning' : 'Normal',
      reason: eventReason(condition),
      message: condition.message,
    }));
}

/** A rollout that goes on is no trouble; one that is stuck has another reason. */
function isBad({ type, status, reason }: Condition): boolean {
  return reason !== Reasons.rollingOut && (status === 'False') !== OPPOSITE.has(type);
}

/** `KafkaReady` when it became so, `KafkaUnreachable` when it is not. */
function eventReason({ type, status, reason }: Condition): string {
  if (OPPOSITE.has(type)) return reason;
  if (status === 'True') return type;
  if (type === 'Ready') return 'NotReady';
  return type.endsWith('Ready') ? `${type.slice(0, -'Ready'.length)}${reason}` : reason;
}

// True is the bad news here.
const OPPOSITE = new Set(['ConfigurationWarning', 'Paused']);
