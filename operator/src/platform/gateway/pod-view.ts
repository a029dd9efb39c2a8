import type { KubeObject } from '../../kube/index.ts';
import { ACCEPTING_LABEL, REVISION_LABEL } from '../../resources/labels.ts';

/** Annotations that record a drain on the pod itself: the operator may restart at any moment. */
export const DRAIN_STARTED = 'chatplatform.dev/drain-started';
/** Deadline of the drain, RFC 3339. */
export const DRAIN_DEADLINE = 'chatplatform.dev/drain-deadline';
/** Why it is drained: `Rollout` or `ScaleIn`. */
export const DRAIN_REASON = 'chatplatform.dev/drain-reason';
/** What the ReplicaSet controller sorts by; lower goes first. */
export const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** Why a pod is emptied. */
export type DrainReason = 'Rollout' | 'ScaleIn';

/** What a gateway pod says about itself on its admin port. */
export interface PodProbe {
  readonly state: 'serving' | 'draining' | 'drained';
  readonly connections: number;
}

/** A gateway pod as the rollout sees it. Times are milliseconds since the epoch. */
export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly node: string | undefined;
  readonly revision: string;
  readonly phase: string;
  readonly ready: boolean;
  /** When `ready` last changed. */
  readonly readyChangedAt: number;
  /** A container process exists that could hold connections. */
  readonly running: boolean;
  readonly restarts: number;
  readonly createdAt: number;
  readonly terminating: boolean;
  readonly accepting: boolean;
  readonly deletionCost: number;
  readonly drain:
    | { readonly startedAt: number; readonly deadline: number; readonly reason: DrainReason }
    | undefined;
  /** Undefined when the pod did not answer. */
  readonly probe: PodProbe | undefined;
}

interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly conditions?: { type: string; status: string; lastTransitionTime?: string }[];
  readonly containerStatuses?: { restartCount?: number; state?: { running?: object } }[];
}

/** Address of a pod's admin port, if it has one already. */
export function podAddress(pod: KubeObject): string | undefined {
  return (pod['status'] as PodStatus | undefined)?.podIP;
}

/** Reads a pod object. `probe` is what the pod answered on its admin port, if it did. */
export function podView(pod: KubeObject, probe: PodProbe | undefined): PodView {
  const { metadata } = pod;
  const status = (pod['status'] ?? {}) as PodStatus;
  const { labels = {}, annotations = {} } = metadata;
  const createdAt = time(metadata.creationTimestamp) ?? 0;
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    node: (pod['spec'] as { nodeName?: string } | undefined)?.nodeName,
    revision: labels[REVISION_LABEL] ?? '',
    phase: status.phase ?? 'Pending',
    ...readiness(status, createdAt),
    ...containers(status),
    createdAt,
    terminating: metadata.deletionTimestamp !== undefined,
    accepting: labels[ACCEPTING_LABEL] === 'true',
    deletionCost: Number(annotations[DELETION_COST] ?? 0),
    drain: drainOf(annotations),
    probe,
  };
}

function readiness(status: PodStatus, createdAt: number): { ready: boolean; readyChangedAt: number } {
  const ready = status.conditions?.find((condition) => condition.type === 'Ready');
  return { ready: ready?.status === 'True', readyChangedAt: time(ready?.lastTransitionTime) ?? createdAt };
}

function containers(status: PodStatus): { running: boolean; restarts: number } {
  const statuses = status.containerStatuses ?? [];
  return {
    running: statuses.some((container) => container.state?.running !== undefined),
    restarts: Math.max(0, ...statuses.map((container) => container.restartCount ?? 0)),
  };
}

function drainOf(annotations: Readonly<Record<string, string>>): PodView['drain'] {
  const startedAt = time(annotations[DRAIN_STARTED]);
  const deadline = time(annotations[DRAIN_DEADLINE]);
  if (startedAt === undefined || deadline === undefined) return undefined;
  return { startedAt, deadline, reason: annotations[DRAIN_REASON] === 'ScaleIn' ? 'ScaleIn' : 'Rollout' };
}

function time(text: string | undefined): number | undefined {
  const parsed = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}
