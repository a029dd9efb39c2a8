import type { KubeObject } from '../kube/index.ts';
import { Reasons } from './reasons.ts';

/** Replicas of a Deployment or StatefulSet as its controller reports them. */
export interface Workload {
  readonly wanted: number;
  readonly total: number;
  readonly ready: number;
  readonly updated: number;
  /** The controller has seen the current spec. */
  readonly observed: boolean;
}

/** Reads the counts of a workload; all zero when there is none. */
export function workload(object: KubeObject | undefined): Workload {
  const count = (part: 'spec' | 'status', field: string): number =>
    ((object?.[part] ?? {}) as Record<string, number | undefined>)[field] ?? 0;
  return {
    wanted: count('spec', 'replicas'),
    total: count('status', 'replicas'),
    ready: count('status', 'readyReplicas'),
    updated: count('status', 'updatedReplicas'),
    observed:
      object !== undefined && count('status', 'observedGeneration') >= (object.metadata.generation ?? 0),
  };
}

interface ContainerStatus {
  readonly name?: string;
  readonly restartCount?: number;
  readonly state?: { waiting?: { reason?: string; message?: string } };
  readonly lastState?: { terminated?: { reason?: string; exitCode?: number } };
}

// Waiting for these is normal while a pod starts.
const NORMAL_WAITS = new Set(['ContainerCreating', 'PodInitializing', undefined]);

interface PodStatus {
  readonly containerStatuses?: ContainerStatus[];
  readonly conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

/** Why a pod does not start, in a sentence for people; undefined when nothing is wrong with it. */
export function podTrouble(pod: KubeObject): { reason: string; message: string } | undefined {
  const status = (pod['status'] ?? {}) as PodStatus;
  const { name } = pod.metadata;
  const message =
    unscheduled(status) ?? status.containerStatuses?.map((entry) => stuck(entry, name)).find(Boolean);
  return message === undefined
    ? undefined
    : { reason: Reasons.podsFailing, message: `pod ${name} ${message}` };
}

function unscheduled(status: PodStatus): string | undefined {
  const condition = status.conditions?.find(
    (entry) => entry.type === 'PodScheduled' && entry.status === 'False',
  );
  return condition && `finds no node: ${condition.message ?? condition.reason}`;
}

function stuck(container: ContainerStatus, pod: string): string | undefined {
  const waiting = container.state?.waiting;
  if (!waiting || NORMAL_WAITS.has(waiting.reason)) return undefined;
  const last = container.lastState?.terminated;
  const exit = last ? `, last exit ${last.exitCode} ${last.reason ?? ''}`.trimEnd() : '';
  return `is in ${waiting.reason}${exit}: ${waiting.message ?? `see kubectl logs ${pod}`}`;
}
