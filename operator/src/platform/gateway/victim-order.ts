import type { PodView } from './pod-view.ts';

const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The order in which the ReplicaSet controller deletes pods when its Deployment shrinks
 * (`controller.ActivePodsWithRanks` of Kubernetes): without a node first, then by phase, not ready,
 * deletion cost, pods that share a node, shortest time ready, most restarts, youngest. `pods` are the
 * live pods of one ReplicaSet; the first of the result is the next victim. (The controller compares ages
 * on a logarithmic scale; deletion cost decides before age, so that never matters for a marked pod.)
 */
export function victimOrder(pods: readonly PodView[]): PodView[] {
  const perNode = new Map<string, number>();
  for (const pod of pods) if (pod.node !== undefined) perNode.set(pod.node, (perNode.get(pod.node) ?? 0) + 1);
  const crowd = (pod: PodView): number => (pod.node === undefined ? 0 : (perNode.get(pod.node) ?? 0));
  const keys = (pod: PodView): number[] => [
    pod.node === undefined ? 0 : 1,
    PHASE_RANK[pod.phase] ?? 1,
    pod.ready ? 1 : 0,
    pod.deletionCost,
    -crowd(pod),
    pod.ready ? -pod.readyChangedAt : 0,
    -pod.restarts,
    -pod.createdAt,
  ];
  return [...pods].sort((a, b) => compare(keys(a), keys(b)) || compareText(a.uid, b.uid));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
