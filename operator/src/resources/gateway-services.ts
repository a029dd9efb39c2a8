import { type ChatPlatformSpec, gatewayLive } from '@chatplatform/platform';
import { canonical, type KubeObject } from '../kube/index.ts';
import {
  ACCEPTING_LABEL,
  childMetadata,
  childNames,
  type ComponentName,
  type Owner,
  selectorLabels,
} from './labels.ts';

/** The Service that clients connect to: pods that accept, whatever their revision. */
export function gatewayService(spec: ChatPlatformSpec, owner: Owner): KubeObject {
  const { service, tls } = spec.gateway;
  const metadata = childMetadata(owner, 'gateway', childNames.gateway(owner));
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadata,
      labels: { ...service.labels, ...metadata.labels },
      ...(service.annotations ? { annotations: service.annotations } : {}),
    },
    spec: {
      type: service.type,
      ...(service.loadBalancerClass ? { loadBalancerClass: service.loadBalancerClass } : {}),
      ...(service.externalTrafficPolicy ? { externalTrafficPolicy: service.externalTrafficPolicy } : {}),
      selector: { ...selectorLabels(owner, 'gateway'), [ACCEPTING_LABEL]: 'true' },
      ports: [
        {
          name: tls ? 'wss' : 'ws',
          port: service.port,
          targetPort: 'ws',
          protocol: 'TCP',
          appProtocol: tls ? 'kubernetes.io/wss' : 'kubernetes.io/ws',
        },
      ],
    },
  };
}

/** Where clients inside the cluster connect. */
export function gatewayAddress({ gateway: { service, tls } }: ChatPlatformSpec, owner: Owner): string {
  return `${tls ? 'wss' : 'ws'}://${childNames.gateway(owner)}.${owner.namespace}.svc:${service.port}/ws`;
}

/** What gateways apply without a restart. */
export function gatewayLiveConfigMap(spec: ChatPlatformSpec, owner: Owner): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(owner, 'gateway', childNames.gatewayLive(owner)),
    data: { 'config.json': canonical(gatewayLive(spec)) },
  };
}

/** One pod at a time may be evicted; pods that are not ready anyway may always. */
export function disruptionBudget(owner: Owner, component: ComponentName, name: string): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(owner, component, name),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(owner, component) },
    },
  };
}
