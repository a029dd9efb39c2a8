import { type KubeObject, Resources } from '../../kube/index.ts';
import { disruptionBudget } from '../../resources/gateway-services.ts';
import { childNames, COMPONENT_LABEL, selectorLabels } from '../../resources/labels.ts';
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
  const { configMap, deployment } = workerResources(spec, owner, { image: deps.image });
  keepConfigs(pass);
  await pass.apply(configMap);
  await pass.apply(deployment);
  await pass.apply(disruptionBudget(owner, 'worker', childNames.worker(owner)));
  const counts = workload(pass.live(Resources.deployment, childNames.worker(owner)));
  return {
    conditions: [workersReady(pass, counts)],
    status: { workers: { replicas: counts.total, readyReplicas: counts.ready, ...deps.kafka.lag } },
  };
}

function keepConfigs(pass: Pass): void {
  const created = (object: KubeObject): number => Date.parse(object.metadata.creationTimestamp ?? '') || 0;
  ownedBy(pass.caches, Resources.configMap, pass.owner)
    .filter((object) => object.metadata.labels?.[COMPONENT_LABEL] === 'worker')
    .sort((a, b) => created(b) - created(a))
    .slice(0, KEPT_CONFIGS)
    .forEach((object) => pass.keep('ConfigMap', object.metadata.name));
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
  const trouble = podsOf(pass.caches, pass.owner, selectorLabels(pass.owner, 'worker'))
    .map(podTrouble)
    .find(Boolean);
  return {
    type: 'WorkersReady',
    status: 'False',
    reason: trouble?.reason ?? Reasons.notEnoughReady,
    message: `${counts.ready} of ${wanted} workers are ready${trouble ? `; ${trouble.message}` : ''}`,
  };
}
