import type { DrainReason, PodView } from './pod-view.ts';
import { victimOrder } from './victim-order.ts';

/** A gateway Deployment as the rollout sees it. */
export interface DeploymentView {
  readonly revision: string;
  readonly replicas: number;
  /** The Deployment controller has seen the last change of `replicas`, and has made or removed the pods. */
  readonly settled: boolean;
  readonly createdAt: number;
}

/** Everything the rollout decides from. Nothing is remembered between passes. */
export interface RolloutInput {
  /** Gateways wanted. */
  readonly desired: number;
  /** Revision wanted. */
  readonly target: string;
  readonly deployments: readonly DeploymentView[];
  readonly pods: readonly PodView[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly drainTimeoutMs: number;
}

/** One thing to do. Each is safe to repeat and safe to be interrupted after. */
export type RolloutAction =
  /** The Deployment of the wanted revision must exist with this many replicas. */
  | { readonly type: 'ensure'; readonly revision: string; readonly replicas: number }
  /** Out of the endpoints, intent recorded, then the pod is told to move its clients. */
  | { readonly type: 'drain'; readonly pod: PodView; readonly reason: DrainReason; readonly deadline: number }
  /** The intent is recorded but the pod does not drain (it restarted, or the request was lost). */
  | { readonly type: 'remind'; readonly pod: PodView }
  /** Wanted again: it takes new connections as before. */
  | { readonly type: 'restore'; readonly pod: PodView }
  /** Makes the pod the first victim of its ReplicaSet. */
  | { readonly type: 'mark'; readonly pod: PodView }
  /** One replica less; `victim` is the pod that will go, if one is there. */
  | {
      readonly type: 'shrink';
      readonly revision: string;
      readonly replicas: number;
      readonly victim?: PodView;
    };

// Constants of this version; they become fields of the resource later.
const MAX_SURGE = 1;
const MAX_CONCURRENT_DRAINS = 1;
// A pod that was unready for so long and does not even answer holds no client worth waiting for.
const HOPELESS_MS = 60_000;
/** The deletion cost of a pod that has been emptied; everybody else has 0. */
export const EMPTIED_COST = -1_000_000;

/**
 * The gateway rollout: a pure function of what is observed. Steps: the new revision grows by what
 * surge and already removed pods allow; one old (or surplus) pod after the other is drained, only
 * while enough others are ready and accepting; an emptied pod is made the first victim of its
 * ReplicaSet, and its Deployment shrinks by one only when it really is the first.
 */
export function decideRollout(input: RolloutInput): RolloutAction[] {
  const live = input.pods.filter((pod) => !pod.terminating);
  const grow = growth(input);
  return [grow, ...restores(input, live), ...drains(input, live), ...removals(input, live)];
}

const replicasOf = (input: RolloutInput, revision: string): number =>
  input.deployments.find((deployment) => deployment.revision === revision)?.replicas ?? 0;

/** Step 1 and 2. Never shrinks: a Deployment loses replicas only one by one, with a drained pod. */
function growth({ desired, target, deployments }: RolloutInput): RolloutAction & { type: 'ensure' } {
  const others = deployments.filter((deployment) => deployment.revision !== target);
  const old = others.reduce((sum, deployment) => sum + deployment.replicas, 0);
  const current = deployments.find((deployment) => deployment.revision === target)?.replicas ?? 0;
  const allowed = old === 0 ? desired : Math.min(desired, Math.max(0, desired + MAX_SURGE - old));
  return { type: 'ensure', revision: target, replicas: Math.max(current, allowed) };
}

/** How many pods of a revision are too many. */
function surplus(input: RolloutInput, revision: string): number {
  const replicas = replicasOf(input, revision);
  return revision === input.target ? Math.max(0, replicas - input.desired) : replicas;
}

/**
 * A drain that is no longer wanted is taken back (the spec was reverted, or scaled out again), and a
 * mark on a pod that came back to life is wiped off. Not while the ReplicaSet still has a pod to
 * remove: the one it takes may be this one.
 */
function restores(input: RolloutInput, live: readonly PodView[]): RolloutAction[] {
  const kept = (pod: PodView): boolean => {
    const deployment = input.deployments.find((entry) => entry.revision === pod.revision);
    const peers = live.filter((peer) => peer.revision === pod.revision).length;
    return (
      deployment !== undefined &&
      surplus(input, pod.revision) === 0 &&
      deployment.replicas > 0 &&
      peers <= deployment.replicas
    );
  };
  const touched = (pod: PodView): boolean => pod.drain !== undefined || !pod.accepting;
  const revived = (pod: PodView): boolean =>
    pod.deletionCost === EMPTIED_COST && pod.drain === undefined && !expendable(input, pod);
  return live
    .filter((pod) => revived(pod) || (kept(pod) && (touched(pod) || pod.deletionCost === EMPTIED_COST)))
    .map((pod) => ({ type: 'restore', pod }));
}

/** Step 5: who is emptied next. */
function drains(input: RolloutInput, live: readonly PodView[]): RolloutAction[] {
  const leaving = live.filter((pod) => pod.drain !== undefined && surplus(input, pod.revision) > 0);
  const reminders = leaving
    .filter((pod) => pod.probe?.state === 'serving')
    .map((pod): RolloutAction => ({ type: 'remind', pod }));
  // A pod that is on its way out still counts: its clients are looking for a place right now.
  const busy = input.pods.filter((pod) => pod.drain !== undefined).length;
  if (busy >= MAX_CONCURRENT_DRAINS) return reminders;
  const candidate = candidates(input, live).find((pod) => mayLeave(input, live, pod));
  if (!candidate) return reminders;
  const reason = candidate.revision === input.target ? 'ScaleIn' : 'Rollout';
  return [
    ...reminders,
    { type: 'drain', pod: candidate, reason, deadline: input.now + input.drainTimeoutMs },
  ];
}

/** Not ready first (nothing is lost with them), then the emptiest, then the oldest. */
function candidates(input: RolloutInput, live: readonly PodView[]): PodView[] {
  return live
    .filter((pod) => pod.drain === undefined && surplus(input, pod.revision) > 0 && !expendable(input, pod))
    .sort(
      (a, b) =>
        Number(a.ready) - Number(b.ready) ||
        (a.probe?.connections ?? 0) - (b.probe?.connections ?? 0) ||
        a.createdAt - b.createdAt,
    );
}

/** Ready, accepting capacity never falls below what is wanted by an act of ours. */
function mayLeave(input: RolloutInput, live: readonly PodView[], leaving: PodView): boolean {
  const remaining = live.filter((pod) => pod !== leaving && serves(pod));
  return remaining.length >= input.desired;
}

const serves = (pod: PodView): boolean => pod.ready && pod.accepting && pod.drain === undefined;

/** A pod nobody can be connected to: it may go without a drain and without replacement. */
function expendable(input: RolloutInput, pod: PodView): boolean {
  if (pod.ready) return false;
  if (!pod.running) return true;
  return pod.probe ? pod.probe.connections === 0 : input.now - pod.readyChangedAt >= HOPELESS_MS;
}

/** A drain that is over: empty, or out of time. */
function emptied(input: RolloutInput, pod: PodView): boolean {
  if (!pod.drain) return false;
  if (input.now >= pod.drain.deadline) return true;
  return pod.probe !== undefined && pod.probe.state !== 'serving' && pod.probe.connections === 0;
}

/** Step 6: emptied pods go, one per revision and pass. */
function removals(input: RolloutInput, live: readonly PodView[]): RolloutAction[] {
  return input.deployments
    .filter((deployment) => surplus(input, deployment.revision) > 0)
    .flatMap((deployment) =>
      removal(
        input,
        deployment,
        live.filter((pod) => pod.revision === deployment.revision),
      ),
    );
}

function removal(input: RolloutInput, deployment: DeploymentView, pods: readonly PodView[]): RolloutAction[] {
  const { revision, replicas } = deployment;
  const finished = pods.filter((pod) => emptied(input, pod) || expendable(input, pod));
  const unmarked = finished.filter((pod) => pod.deletionCost !== EMPTIED_COST);
  if (unmarked.length > 0)
    return unmarked.slice(0, surplus(input, revision)).map((pod) => ({ type: 'mark', pod }));
  // A pod that went by itself, or cannot be made, is not replaced.
  if (pods.length < replicas && !deployment.settled)
    return [{ type: 'shrink', revision, replicas: replicas - 1 }];
  // While the ReplicaSet is still making or removing pods, its next victim cannot be known.
  if (!deployment.settled || pods.length !== replicas) return [];
  const [victim] = victimOrder(pods);
  if (!victim || !finished.includes(victim)) return [];
  return [{ type: 'shrink', revision, replicas: replicas - 1, victim }];
}
