import type { ChatPlatformStatus, GatewayDrain } from '@chatplatform/platform';
import { gatewayAddress } from '../../resources/gateway-services.ts';
import { type Owner, REVISION_LABEL, selectorLabels } from '../../resources/labels.ts';
import type { ConditionDraft, Pass } from '../pass.ts';
import { Reasons } from '../reasons.ts';
import { statusOf } from '../status.ts';
import { podTrouble } from '../workload.ts';
import type { GatewayObservation } from './observe.ts';
import type { PodView } from './pod-view.ts';

// Three significant digits: a number that moves with every client would be a write every few seconds.
const SIGNIFICANT_DIGITS = 3;
const MAX_DRAINS = 32;

/** Conditions and status of the gateways. Pure. */
export function reportGateways(
  pass: Pass,
  observed: GatewayObservation,
  target: { revision: string; image: string },
): { conditions: ConditionDraft[]; status: Partial<ChatPlatformStatus> } {
  const live = observed.pods.filter((pod) => !pod.terminating);
  const updated = live.filter((pod) => pod.revision === target.revision);
  const { owner, spec } = pass;
  const silent = live.some((pod) => pod.ready && pod.probe === undefined);
  const counted = live.reduce((sum, pod) => sum + (pod.probe?.connections ?? 0), 0);
  // A busy pod that did not answer in time has not lost its clients: the last figure stands.
  const connections = silent ? (statusOf(pass.object).gateway?.connections ?? counted) : counted;
  return {
    conditions: [gatewayReady(pass, observed, live), rolloutComplete(pass, observed, target.revision)],
    status: {
      gateway: {
        replicas: live.length,
        readyReplicas: live.filter((pod) => pod.ready).length,
        updatedReplicas: updated.length,
        drainingReplicas: live.filter((pod) => pod.drain !== undefined).length,
        connections: rounded(connections),
        selector: selectorText(owner),
        currentRevision: currentRevision(live, target.revision),
        updateRevision: target.revision,
        resolvedImage: target.image,
        drains: live
          .filter((pod) => pod.drain !== undefined)
          .slice(0, MAX_DRAINS)
          .map(drainStatus),
      },
      endpoints: { websocket: gatewayAddress(spec, owner) },
    },
  };
}

function gatewayReady(pass: Pass, observed: GatewayObservation, live: readonly PodView[]): ConditionDraft {
  const wanted = pass.spec.gateway.replicas;
  const serving = live.filter((pod) => pod.ready && pod.accepting).length;
  if (serving >= wanted) {
    return {
      type: 'GatewayReady',
      status: 'True',
      reason: Reasons.allReady,
      message: `${serving} of ${wanted} gateways take connections`,
    };
  }
  const trouble = firstTrouble(observed, live);
  return {
    type: 'GatewayReady',
    status: 'False',
    reason: trouble?.reason ?? Reasons.notEnoughReady,
    message: `${serving} of ${wanted} gateways take connections${trouble ? `; ${trouble.message}` : ''}`,
  };
}

function rolloutComplete(pass: Pass, observed: GatewayObservation, revision: string): ConditionDraft {
  const { replicas } = pass.spec.gateway;
  const old = observed.pods.filter((pod) => pod.revision !== revision).length;
  const updated = observed.pods.filter((pod) => pod.revision === revision && !pod.terminating);
  const ready = updated.filter((pod) => pod.ready && pod.accepting).length;
  if (old === 0 && updated.length === replicas && ready === replicas) {
    return {
      type: 'RolloutComplete',
      status: 'True',
      reason: Reasons.complete,
      message: `every gateway runs revision ${revision}`,
    };
  }
  const trouble = firstTrouble(observed, updated);
  const why = trouble ? `; ${trouble.message}` : '';
  return {
    type: 'RolloutComplete',
    status: 'False',
    reason: trouble?.reason ?? Reasons.rollingOut,
    message: `revision ${revision}: ${ready} of ${replicas} gateways ready, ${old} of other revisions left${why}`,
  };
}

function firstTrouble(observed: GatewayObservation, pods: readonly PodView[]) {
  for (const view of pods.filter((pod) => !pod.ready)) {
    const object = observed.pod(view);
    const trouble = object && podTrouble(object);
    if (trouble) return trouble;
  }
  return undefined;
}

/** The revision that most gateways run; the wanted one once it has everything. */
function currentRevision(live: readonly PodView[], target: string): string {
  const old = live.find((pod) => pod.revision !== target && pod.ready);
  return old?.revision ?? target;
}

function selectorText(owner: Owner): string {
  return Object.entries(selectorLabels(owner, 'gateway'))
    .map(([label, value]) => `${label}=${value}`)
    .concat(REVISION_LABEL)
    .join(',');
}

function rounded(count: number): number {
  const step = 10 ** Math.max(0, String(count).length - SIGNIFICANT_DIGITS);
  return Math.round(count / step) * step;
}

function drainStatus(pod: PodView): GatewayDrain {
  const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    pod: pod.name,
    ...(pod.node === undefined ? {} : { node: pod.node }),
    revision: pod.revision,
    reason: pod.drain?.reason ?? '',
    startedAt: iso(pod.drain?.startedAt ?? 0),
    deadline: iso(pod.drain?.deadline ?? 0),
    ...(pod.probe ? { remainingConnections: pod.probe.connections } : {}),
  };
}
