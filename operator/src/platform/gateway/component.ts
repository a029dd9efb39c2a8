import { gatewayRevision } from '../../resources/gateway-revision.ts';
import { disruptionBudget, gatewayLiveConfigMap, gatewayService } from '../../resources/gateway-services.ts';
import { childNames } from '../../resources/labels.ts';
import type { ComponentResult } from '../component.ts';
import type { Pass } from '../pass.ts';
import type { GatewayAdmin } from './admin.ts';
import { execute } from './execute.ts';
import { type GatewayObservation, observeGateways } from './observe.ts';
import { reportGateways } from './report.ts';
import { decideRollout } from './rollout.ts';

/** What the gateways need besides the pass. */
export interface GatewayDeps {
  readonly admin: GatewayAdmin;
  readonly image: string;
  /** Bearer token of the admin ports. */
  readonly token: string;
}

// Revisions that stay at zero replicas, for an instant way back.
const KEPT_REVISIONS = 3;
// How often pods are asked how many clients they have: while something moves, and for the status.
const MOVING_MS = 1000;
const QUIET_MS = 15_000;

/** The gateways: configuration, Service, budget, and the rollout of revisions. */
export async function reconcileGateways(
  pass: Pass,
  { admin, image, token }: GatewayDeps,
): Promise<ComponentResult> {
  const { spec, owner } = pass;
  const target = gatewayRevision(spec, owner, { image });
  await pass.apply(gatewayLiveConfigMap(spec, owner));
  await pass.apply(target.configMap);
  await pass.apply(gatewayService(spec, owner));
  await pass.apply(disruptionBudget(owner, 'gateway', childNames.gateway(owner)));

  const observed = await observeGateways(pass, admin);
  keepRevisions(pass, observed, target.revision);
  const actions = decideRollout({
    desired: spec.gateway.replicas,
    target: target.revision,
    deployments: observed.deployments,
    pods: observed.pods,
    now: pass.now,
    drainTimeoutMs: spec.gateway.drain.timeoutSeconds * 1000,
  });
  for (const action of actions) await execute(action, { pass, admin, token, target, observed });

  const report = reportGateways(pass, observed, { revision: target.revision, image });
  const moving = actions.length > 1 || observed.pods.some((pod) => pod.drain !== undefined);
  return { ...report, requeueAfterMs: moving ? MOVING_MS : QUIET_MS };
}

/** Revisions in use are kept, and the newest of those that are not. */
function keepRevisions(pass: Pass, observed: GatewayObservation, target: string): void {
  const used = (revision: string): boolean =>
    revision === target ||
    observed.pods.some((pod) => pod.revision === revision) ||
    observed.deployments.some((deployment) => deployment.revision === revision && deployment.replicas > 0);
  const idle = observed.deployments
    .filter((deployment) => !used(deployment.revision))
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, KEPT_REVISIONS);
  const revisions = [...observed.deployments.filter((entry) => used(entry.revision)), ...idle].map(
    (entry) => entry.revision,
  );
  for (const revision of revisions) {
    pass.keep('Deployment', childNames.gatewayRevision(pass.owner, revision));
    pass.keep('ConfigMap', childNames.gatewayRevision(pass.owner, revision));
  }
}
