import { seededRandom } from '@chatplatform/runtime';
import type { PodView } from '../platform/gateway/pod-view.ts';
import { type DeploymentView, EMPTIED_COST, type RolloutAction } from '../platform/gateway/rollout.ts';
import { victimOrder } from '../platform/gateway/victim-order.ts';

type ModelPod = { -readonly [K in keyof PodView]: PodView[K] } & { goneAt?: number };

/**
 * Deployments, their ReplicaSets, pods and clients, as far as the gateway rollout sees them: what the
 * real controllers do between two passes, on a clock of its own. For tests.
 */
export class ClusterModel {
  now = 1_000_000;
  /** Revisions whose pods run but never become ready. */
  readonly broken = new Set<string>();
  /** Clients of draining pods stay until the deadline. */
  stuckClients = false;
  /** Pods that were deleted by a shrink though clients were on them before their deadline. */
  readonly killedUndrained: string[] = [];
  readonly #random;
  readonly #deployments = new Map<string, { replicas: number; createdAt: number; settled: boolean }>();
  #pods: ModelPod[] = [];
  #count = 0;

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
  }

  deployments(): DeploymentView[] {
    return [...this.#deployments].map(([revision, { replicas, createdAt, settled }]) => ({
      revision,
      replicas,
      createdAt,
      settled,
    }));
  }

  pods(): PodView[] {
    return this.#pods.map((pod) => ({ ...pod }));
  }

  replicas(revision: string): number {
    return this.#deployments.get(revision)?.replicas ?? 0;
  }

  liveRevisions(): string[] {
    return [...new Set(this.#pods.filter((pod) => !pod.terminating).map((pod) => pod.revision))];
  }

  readyAccepting(): number {
    return this.#pods.filter((pod) => pod.ready && pod.accepting && !pod.terminating).length;
  }

  draining(): number {
    return this.#pods.filter((pod) => pod.drain !== undefined).length;
  }

  /** No pod is on its way in, out, or empty. */
  quiet(): boolean {
    const busy = (pod: ModelPod): boolean =>
      pod.terminating || pod.drain !== undefined || (!pod.ready && !this.broken.has(pod.revision));
    return (
      !this.#pods.some(busy) && [...this.#deployments.values()].every((deployment) => deployment.settled)
    );
  }

  /** A ready pod's process dies and comes back later. */
  crashOne(): void {
    const pod = this.#pods.find((candidate) => candidate.ready);
    if (!pod) return;
    Object.assign(pod, {
      ready: false,
      readyChangedAt: this.now,
      running: false,
      restarts: pod.restarts + 1,
    });
    pod.probe = undefined;
  }

  /** Does what the operator would do; true when anything changed. */
  perform(actions: readonly RolloutAction[]): boolean {
    return actions.map((action) => this.#act(action)).some(Boolean);
  }

  /** The controllers, the kubelet and the clients move on by `ms`. */
  tick(ms: number): boolean {
    this.now += ms;
    const before = this.#pods.length;
    this.#pods = this.#pods.filter((pod) => pod.goneAt === undefined || pod.goneAt > this.now);
    const changes = [this.#pods.length !== before];
    for (const [revision, deployment] of this.#deployments)
      changes.push(this.#replicate(revision, deployment.replicas));
    for (const pod of this.#pods) changes.push(this.#live(pod));
    for (const [revision, deployment] of this.#deployments) {
      const alive = this.#pods.filter((pod) => pod.revision === revision && !pod.terminating).length;
      deployment.settled = alive === deployment.replicas;
    }
    return changes.some(Boolean);
  }

  #act(action: RolloutAction): boolean {
    if (action.type === 'ensure') return this.#scale(action.revision, action.replicas);
    if (action.type === 'shrink') return this.#scale(action.revision, action.replicas);
    const pod = this.#pods.find((candidate) => candidate.uid === action.pod.uid);
    if (!pod) return false;
    Object.assign(pod, this.#effect(action));
    const state = {
      drain: 'draining',
      remind: 'draining',
      restore: 'serving',
      mark: pod.probe?.state,
    } as const;
    if (pod.probe) pod.probe = { ...pod.probe, state: state[action.type] ?? pod.probe.state };
    return true;
  }

  #effect(action: RolloutAction): Partial<PodView> {
    switch (action.type) {
      case 'drain':
        return {
          drain: { startedAt: this.now, deadline: action.deadline, reason: action.reason },
          accepting: false,
        };
      case 'restore':
        return { drain: undefined, accepting: true, deletionCost: 0 };
      case 'mark':
        return { deletionCost: EMPTIED_COST };
      default:
        return {};
    }
  }

  #scale(revision: string, replicas: number): boolean {
    const known = this.#deployments.get(revision);
    if (known?.replicas === replicas) return false;
    this.#deployments.set(revision, { replicas, createdAt: known?.createdAt ?? this.now, settled: false });
    return true;
  }

  /** What the ReplicaSet controller does. */
  #replicate(revision: string, replicas: number): boolean {
    const alive = this.#pods.filter((pod) => pod.revision === revision && !pod.terminating);
    for (let missing = replicas - alive.length; missing > 0; missing -= 1)
      this.#pods.push(this.#newPod(revision));
    const victims = victimOrder(alive).slice(0, Math.max(0, alive.length - replicas));
    for (const victim of victims) this.#kill(victim);
    return alive.length !== replicas;
  }

  #kill(pod: ModelPod): void {
    const overdue = pod.drain !== undefined && this.now >= pod.drain.deadline;
    if (pod.ready && (pod.probe?.connections ?? 0) > 0 && !overdue) this.killedUndrained.push(pod.name);
    Object.assign(pod, { terminating: true, ready: false, goneAt: this.now + 2000 });
  }

  /** What kubelet and clients do. */
  #live(pod: ModelPod): boolean {
    if (pod.terminating) return false;
    if (this.#clientLeaves(pod)) return true;
    if (!pod.running)
      return Object.assign(pod, { running: true, phase: 'Running', node: 'n1' }) !== undefined;
    if (pod.ready || this.broken.has(pod.revision) || this.#random.next() < 0.3) return false;
    Object.assign(pod, { ready: true, readyChangedAt: this.now });
    pod.probe = { state: 'serving', connections: 5 };
    return true;
  }

  #clientLeaves(pod: ModelPod): boolean {
    if (!pod.probe || pod.probe.state === 'serving' || this.stuckClients) return false;
    if (pod.probe.connections === 0) return false;
    pod.probe = { state: 'draining', connections: Math.max(0, pod.probe.connections - 3) };
    return true;
  }

  #newPod(revision: string): ModelPod {
    this.#count += 1;
    return {
      name: `${revision}-${this.#count}`,
      uid: `uid-${String(this.#count).padStart(4, '0')}`,
      node: undefined,
      revision,
      phase: 'Pending',
      ready: false,
      readyChangedAt: this.now,
      running: false,
      restarts: 0,
      createdAt: this.now,
      terminating: false,
      accepting: true,
      deletionCost: 0,
      drain: undefined,
      probe: undefined,
    };
  }
}
