import { z } from 'zod';
import { matching, withRules } from './rule.ts';
import { metadataMap, objectName, resources } from './values.ts';

const MAX_REPLICAS = 1000;
// Every message passes all of them; a chain this long is a program of its own.
const MAX_MODULES = 16;
// A key of a ConfigMap.
const MAX_MODULE_NAME = 253;

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

// Pages of one organisation, and the ranges of its load balancers.
const MAX_ORIGINS = 64;
const MAX_PROXIES = 64;
const MAX_ORIGIN = 255;
// The longest IPv6 range has 43 characters.
const MAX_RANGE = 43;

const origin = withRules(z.string().min(1).max(MAX_ORIGIN), [
  matching(
    /^https?:[/][/][^/ ]+$/,
    'write scheme and host as browsers send them, such as "https://chat.example.com", without a path',
  ),
]);

const addressRange = withRules(z.string().min(1).max(MAX_RANGE), [
  matching(
    /^[0-9a-fA-F.:]+([/][0-9]{1,3})?$/,
    'write an address or a range such as "10.0.0.0/8" or "fd00::/8"',
  ),
]);

/** The WebSocket edge. */
export const Gateway = z.object({
  replicas: z.int().min(1).max(MAX_REPLICAS).default(2),
  resources: resources().optional(),
  service: GatewayService.prefault({}),
  tls: z.object({ secretName: objectName() }).optional().meta({
    description:
      'TLS at the gateways, with the certificate of a Secret of type kubernetes.io/tls (keys tls.crt and tls.key). A renewed one is taken up by new connections while the gateways run. Absent: TLS ends in front of them.',
  }),
  allowedOrigins: z.array(origin).min(1).max(MAX_ORIGINS).optional().meta({
    description:
      'Origins of the pages that may connect and call the HTTP API. Absent: any. Clients that are no browsers send none and are not affected.',
    'x-kubernetes-list-type': 'set',
  }),
  trustedProxies: z.array(addressRange).max(MAX_PROXIES).default([]).meta({
    description:
      'Addresses and ranges of the proxies in front. Only their X-Forwarded-For is believed: limits per address then count clients, not proxies.',
    'x-kubernetes-list-type': 'set',
  }),
  drain: z
    .object({
      timeoutSeconds: z.int().min(10).max(3600).default(600).meta({
        description:
          'How long clients may take to move away from a pod that stops. Part of the pod: a change rolls the gateways.',
      }),
    })
    .prefault({}),
  rebalance: z
    .object({
      mode: z.enum(['Auto', 'Off']).default('Auto').meta({
        description:
          'Auto: a gateway with more than 1.1 times the mean of the connections lets some move, as after a scale-out. Applied while the gateways run.',
      }),
    })
    .prefault({}),
});

/** The Kafka consumers that write history and fan out. */
export const Workers = z.object({
  replicas: z.int().min(1).max(MAX_REPLICAS).default(2),
  resources: resources().optional(),
  rules: z
    .object({
      configMapRef: z.object({ name: objectName() }),
      modules: z
        .array(
          withRules(z.string().min(1).max(MAX_MODULE_NAME), [
            matching(/^[A-Za-z0-9][-._A-Za-z0-9]*[.]mjs$/, 'write the key of a module, such as "words.mjs"'),
          ]),
        )
        .min(1)
        .max(MAX_MODULES)
        .meta({ 'x-kubernetes-list-type': 'atomic' }),
    })
    .optional()
    .meta({
      description:
        'Modules in a ConfigMap that judge every message before anybody sees it, in this order. They are read at start: for a change name another ConfigMap.',
    }),
});
