import type { ChatPlatformSpec } from '@chatplatform/platform';
import { type KubeObject, Resources } from '../../kube/index.ts';
import { disruptionBudget } from '../../resources/gateway-services.ts';
import { childNames, COMPONENT_LABEL, selectorLabels } from '../../resources/labels.ts';
import { isSigning } from '../../resources/secret-files.ts';
import { workerResources } from '../../resources/worker-deployment.ts';
import { ownedBy, podsOf } from '../caches.ts';
import type { ComponentResult } from '../component.ts';
import type { KafkaObservation } from '../kafka/watch.ts';
import type { ConditionDraft, Pass } from '../pass.ts';
import { Reasons } from '../reasons.ts';
import { podTrouble, type Workload, workload } from '../workload.ts';

// A pod of an older ReplicaSet may restart during an update and needs its configuration again.
const KEPT_CONFIGS = 3;

/** The workers: configuration, Deployment, budget, and the lag they leave. */
export async function reconcileWorkers(
  pass: Pass,
  deps: { image: string; kafka: KafkaObservation },
): Promise<ComponentResult> {
  const { spec, owner } = pass;
  const waits = spec.security.messageSigning === 'Enabled' && !everyGatewaySigns(pass);
  const { configMap, deployment } = workerResources(waits ? believing(spec) : spec, owner, {
    image: deps.image,
  });
  keepConfigs(pass);
  await pass.apply(configMap);
  await pass.apply(deployment);
  await pass.apply(disruptionBudget(owner, 'worker', childNames.worker(owner)));
  const counts = workload(pass.live(Resources.deployment, childNames.worker(owner)));
  return {
    conditions: [workersReady(pass, counts), rolloutComplete(pass, counts, waits)],
    status: { workers: { replicas: counts.total, readyReplicas: counts.ready, ...deps.kafka.lag } },
  };
}

/** False while a gateway is left, on its way out or not, whose messages have no signature. */
function everyGatewaySigns({ caches, owner }: Pass): boolean {
  return podsOf(caches, owner, selectorLabels(owner, 'gateway')).every(isSigning);
}

/** What gateways acknowledged before they signed must not be refused: workers take it until the last of them is gone. */
const believing = (spec: ChatPlatformSpec): ChatPlatformSpec => ({
  ...spec,
  security: { ...spec.security, messageSigning: 'Permissive' },
});

function keepConfigs(pass: Pass): void {
  const created = (object: KubeObject): number => Date.parse(object.metadata.creationTimestamp ?? '') || 0;
  ownedBy(pass.caches, Resources.configMap, pass.owner)
    .filter((object) => object.metadata.labels?.[COMPONENT_LABEL] === 'worker')
    .sort((a, b) => created(b) - created(a))
    .slice(0, KEPT_CONFIGS)
    .forEach((object) => pass.keep('ConfigMap', object.metadata.name));
}

function rolloutComplete(pass: Pass, counts: Workload, waits: boolean): ConditionDraft {
  const wanted = pass.spec.workers.replicas;
  const current = counts.observed ? Math.min(counts.updated, counts.ready) : 0;
  if (current >= wanted && counts.total === wanted && !waits) {
    return {
      type: 'RolloutComplete',
      status: 'True',
      reason: Reasons.complete,
      message: 'every worker runs the present configuration',
    };
  }
  const trouble = workerTrouble(pass);
  const held = waits ? '; messages without signature are taken until every gateway signs' : '';
  return {
    type: 'RolloutComplete',
    status: 'False',
    reason: trouble?.reason ?? Reasons.rollingOut,
    message: `${counts.updated} of ${wanted} workers are of the present configuration, ${counts.total} there are${held}${trouble ? `; ${trouble.message}` : ''}`,
  };
}

function workersReady(pass: Pass, counts: Workload): ConditionDraft {
  const wanted = pass.spec.workers.replicas;
  if (counts.ready >= wanted) {
    return {
      type: 'WorkersReady',
      status: 'True',
      reason: Reasons.allReady,
      message: `${counts.ready} of ${wanted} workers are ready`,
    };
  }
  const trouble = workerTrouble(pass);
  return {
    type: 'WorkersReady',
    status: 'False',
    reason: trouble?.reason ?? Reasons.notEnoughReady,
    message: `${counts.ready} of ${wanted} workers are ready${trouble ? `; ${trouble.message}` : ''}`,
  };
}

function workerTrouble({ caches, owner }: Pass) {
  return podsOf(caches, owner, selectorLabels(owner, 'worker')).map(podTrouble).find(Boolean);
}
