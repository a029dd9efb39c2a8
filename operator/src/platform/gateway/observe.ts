import { type KubeObject, Resources } from '../../kube/index.ts';
import { COMPONENT_LABEL, REVISION_LABEL, selectorLabels } from '../../resources/labels.ts';
import { ownedBy, podsOf } from '../caches.ts';
import type { Pass } from '../pass.ts';
import { workload } from '../workload.ts';
import type { GatewayAdmin } from './admin.ts';
import { podAddress, podView, type PodView } from './pod-view.ts';
import type { DeploymentView } from './rollout.ts';

/** The gateways as they are: Deployments and pods of all revisions. */
export interface GatewayObservation {
  readonly deployments: readonly DeploymentView[];
  readonly pods: readonly PodView[];
  deployment(revision: string): KubeObject | undefined;
  pod(view: PodView): KubeObject | undefined;
}

/** Reads caches, and asks every running pod how many clients it has. */
export async function observeGateways(pass: Pass, admin: GatewayAdmin): Promise<GatewayObservation> {
  const deployments = ownedBy(pass.caches, Resources.deployment, pass.owner).filter(
    (object) => object.metadata.labels?.[COMPONENT_LABEL] === 'gateway',
  );
  const pods = podsOf(pass.caches, pass.owner, selectorLabels(pass.owner, 'gateway'));
  const views = await Promise.all(
    pods.map(async (pod) => {
      const address = podAddress(pod);
      return podView(pod, address === undefined ? undefined : await admin.probe(address));
    }),
  );
  const revisionOf = (object: KubeObject): string => object.metadata.labels?.[REVISION_LABEL] ?? '';
  return {
    deployments: deployments.map((object) => {
      const counts = workload(object);
      return {
        revision: revisionOf(object),
        replicas: counts.wanted,
        settled: counts.observed && counts.total === counts.wanted,
        createdAt: Date.parse(object.metadata.creationTimestamp ?? '') || 0,
      };
    }),
    pods: views,
    deployment: (revision) => deployments.find((object) => revisionOf(object) === revision),
    pod: (view) => pods.find((pod) => pod.metadata.uid === view.uid),
  };
}
