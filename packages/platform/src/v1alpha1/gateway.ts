import { z } from 'zod';
import { withRules } from './rule.ts';
import { metadataMap, resources } from './values.ts';

const MAX_REPLICAS = 1000;

/** The Service that clients connect to. */
export const GatewayService = withRules(
  z.object({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP'),
    port: z.int().min(1).max(65_535).default(80),
    annotations: metadataMap('annotations').optional(),
    labels: metadataMap('labels').optional(),
    loadBalancerClass: z.string().min(1).max(253).optional(),
    externalTrafficPolicy: z.enum(['Cluster', 'Local']).optional(),
    deregistrationDelaySeconds: z.int().min(0).max(3600).optional().meta({
      description:
        'How long the load balancer in front keeps sending to a removed pod. Longer than the drain: ConfigurationWarning.',
    }),
  }),
  [
    {
      cel: "!has(self.loadBalancerClass) || self.type == 'LoadBalancer'",
      message:
        'loadBalancerClass needs type LoadBalancer: write type: LoadBalancer, or remove loadBalancerClass',
      holds: (self) => self.loadBalancerClass === undefined || self.type === 'LoadBalancer',
    },
    {
      cel: "!has(self.externalTrafficPolicy) || self.type != 'ClusterIP'",
      message:
        'externalTrafficPolicy needs type NodePort or LoadBalancer: change type, or remove externalTrafficPolicy',
      holds: (self) => self.externalTrafficPolicy === undefined || self.type !== 'ClusterIP',
    },
    {
      cel: "(has(oldSelf.loadBalancerClass) ? oldSelf.loadBalancerClass : '') == (has(self.loadBalancerClass) ? self.loadBalancerClass : '') || oldSelf.type != 'LoadBalancer' || self.type != 'LoadBalancer'",
      message:
        'loadBalancerClass cannot change while type is LoadBalancer: write type: ClusterIP first, then LoadBalancer with the new class',
    },
  ],
);

/** The WebSocket edge. */
export const Gateway = z.object({
  replicas: z.int().min(1).max(MAX_REPLICAS).default(2),
  resources: resources().optional(),
  service: GatewayService.prefault({}),
  drain: z
    .object({
      timeoutSeconds: z.int().min(10).max(3600).default(600).meta({
        description:
          'How long clients may take to move away from a pod that stops. Part of the pod: a change rolls the gateways.',
      }),
    })
    .prefault({}),
});

/** The Kafka consumers that write history and fan out. */
export const Workers = z.object({
  replicas: z.int().min(1).max(MAX_REPLICAS).default(2),
  resources: resources().optional(),
});
