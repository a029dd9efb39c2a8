import { Resources } from '../../kube/index.ts';
import { ACCEPTING_LABEL } from '../../resources/labels.ts';
import type { GatewayRevision } from '../../resources/gateway-revision.ts';
import type { Pass } from '../pass.ts';
import { Reasons } from '../reasons.ts';
import type { GatewayAdmin } from './admin.ts';
import type { GatewayObservation } from './observe.ts';
import {
  DELETION_COST,
  DRAIN_DEADLINE,
  DRAIN_REASON,
  DRAIN_STARTED,
  podAddress,
  type PodView,
} from './pod-view.ts';
import { EMPTIED_COST, type RolloutAction } from './rollout.ts';

/** What carrying out the rollout needs. */
export interface Execution {
  readonly pass: Pass;
  readonly admin: GatewayAdmin;
  readonly token: string;
  readonly target: GatewayRevision;
  readonly observed: GatewayObservation;
}

/** Carries out one action of the rollout. Writes go through the pass, so a paused platform only shows them. */
export async function execute(action: RolloutAction, run: Execution): Promise<void> {
  switch (action.type) {
    case 'ensure':
      // Exact: replicas from a stale cache must never raise what was just lowered.
      return run.pass.apply(run.target.deployment(action.replicas), true);
    case 'shrink':
      return shrink(action, run);
    case 'drain':
      return drain(action, run);
    case 'remind':
      return tell(run, action.pod);
    case 'restore':
      return restore(action.pod, run);
    case 'mark':
      return annotate(run, action.pod, { [DELETION_COST]: String(EMPTIED_COST) });
  }
}

async function shrink(
  action: RolloutAction & { type: 'shrink' },
  { pass, observed }: Execution,
): Promise<void> {
  const deployment = observed.deployment(action.revision);
  if (!deployment) return;
  if (action.victim) {
    const late = action.victim.drain !== undefined && (action.victim.probe?.connections ?? 0) > 0;
    pass.note({
      type: late ? 'Warning' : 'Normal',
      reason: late ? Reasons.drainDeadline : Reasons.gatewayEmptied,
      message: late
        ? `gateway ${action.victim.name} is removed at its deadline with ${action.victim.probe?.connections} clients left; they resume elsewhere`
        : `gateway ${action.victim.name} is empty and is removed`,
    });
  }
  await pass.patch(Resources.deployment, deployment, { spec: { replicas: action.replicas } });
}

async function drain(action: RolloutAction & { type: 'drain' }, run: Execution): Promise<void> {
  const { pass, observed } = run;
  const object = observed.pod(action.pod);
  if (!object) return;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const clients = action.pod.probe ? ` (${action.pod.probe.connections} clients)` : '';
  pass.note({
    type: 'Normal',
    reason: Reasons.drainStarted,
    message: `gateway ${action.pod.name}${clients} is drained: ${action.reason === 'ScaleIn' ? 'fewer replicas are wanted' : 'a new revision replaces it'}`,
  });
  await pass.patch(Resources.pod, object, {
    metadata: {
      labels: { [ACCEPTING_LABEL]: 'false' },
      annotations: {
        [DRAIN_STARTED]: iso(pass.now),
        [DRAIN_DEADLINE]: iso(action.deadline),
        [DRAIN_REASON]: action.reason,
      },
    },
  });
  // Told in the next pass, when the intent is seen recorded: an order nobody remembers is never given.
}

async function restore(pod: PodView, run: Execution): Promise<void> {
  const object = run.observed.pod(pod);
  if (!object) return;
  const address = podAddress(object);
  if (pod.drain && address !== undefined) {
    await run.pass.act(`take back the drain of gateway ${pod.name}`, () =>
      run.admin.restore(address, run.token),
    );
  }
  await run.pass.patch(Resources.pod, object, {
    metadata: {
      labels: { [ACCEPTING_LABEL]: 'true' },
      annotations: {
        [DRAIN_STARTED]: null,
        [DRAIN_DEADLINE]: null,
        [DRAIN_REASON]: null,
        [DELETION_COST]: null,
      },
    },
  });
}

async function tell({ pass, admin, token, observed }: Execution, pod: PodView): Promise<void> {
  const object = observed.pod(pod);
  const address = object && podAddress(object);
  if (address === undefined || !pod.drain) return;
  const timeoutSeconds = Math.max(1, Math.ceil((pod.drain.deadline - pass.now) / 1000));
  await pass.act(`drain gateway ${pod.name}`, () => admin.drain(address, { token, timeoutSeconds }));
}

async function annotate(
  { pass, observed }: Execution,
  pod: PodView,
  annotations: Record<string, string>,
): Promise<void> {
  const object = observed.pod(pod);
  if (object) await pass.patch(Resources.pod, object, { metadata: { annotations } });
}
