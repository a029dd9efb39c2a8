import { ChatPlatform, GROUP, KIND, PLURAL, VERSION } from '@chatplatform/platform';
import { stringify } from 'yaml';
import { z } from 'zod';
import { structural, type SchemaNode } from './structural-schema.ts';

/** File name under `crds/`, as `kubectl` and controller tools name it. */
export const CRD_FILE = `${GROUP}_${PLURAL}.yaml`;

const condition = (type: string, field: string): string =>
  `.status.conditions[?(@.type=="${type}")].${field}`;

// Order is the order of `kubectl get chat`; priority 1 = only with `-o wide`.
const PRINTER_COLUMNS = [
  { name: 'Ready', type: 'string', jsonPath: condition('Ready', 'status') },
  { name: 'Reason', type: 'string', jsonPath: condition('Ready', 'reason') },
  { name: 'Gateways', type: 'integer', jsonPath: '.status.gateway.readyReplicas' },
  { name: 'Conns', type: 'integer', jsonPath: '.status.gateway.connections' },
  { name: 'Workers', type: 'integer', jsonPath: '.status.workers.readyReplicas' },
  { name: 'Lag', type: 'integer', jsonPath: '.status.workers.lag' },
  { name: 'Redis', type: 'string', jsonPath: '.status.redis.state' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Message', type: 'string', jsonPath: condition('Ready', 'message'), priority: 1 },
  { name: 'Revision', type: 'string', jsonPath: '.status.gateway.currentRevision', priority: 1 },
  { name: 'Draining', type: 'integer', jsonPath: '.status.gateway.drainingReplicas', priority: 1 },
  { name: 'Kafka', type: 'string', jsonPath: '.status.kafka.mode', priority: 1 },
];

/** The CustomResourceDefinition, made from the Zod schema of the resource. Pure. */
export function customResourceDefinition(): SchemaNode {
  const version = {
    name: VERSION,
    served: true,
    storage: true,
    additionalPrinterColumns: PRINTER_COLUMNS,
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.gateway.replicas',
        statusReplicasPath: '.status.gateway.replicas',
        labelSelectorPath: '.status.gateway.selector',
      },
    },
    schema: { openAPIV3Schema: resourceSchema() },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['chat'],
        categories: ['chatplatform'],
      },
      versions: [version],
    },
  };
}

/** The schema of the whole object; `metadata` is described by the API server itself. */
function resourceSchema(): SchemaNode {
  const json = z.toJSONSchema(ChatPlatform, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
  }) as SchemaNode;
  const {
    apiVersion: _a,
    kind: _k,
    metadata: _m,
    ...rest
  } = json['properties'] as Record<string, SchemaNode>;
  const parts = Object.entries(rest).map(([name, node]) => [name, structural(node, name)]);
  return {
    type: 'object',
    description:
      'A real-time messaging platform: WebSocket gateways, workers, and the Kafka and Redis they stand on.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      ...Object.fromEntries(parts),
    },
    'x-kubernetes-validations': json['x-kubernetes-validations'],
  };
}

const HEADER =
  '# Generated from packages/platform/src/v1alpha1 by operator/src/api/generate.ts; do not edit.\n';

const toYaml = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** The text of the file under `crds/`. */
export function crdYaml(): string {
  return HEADER + toYaml(customResourceDefinition());
}

/**
 * The same as a template of the operator's chart: upgraded with the release, and kept when the
 * release goes, so that uninstalling the operator never deletes a platform.
 */
export function crdChartTemplate(): string {
  const crd = customResourceDefinition();
  const metadata = { ...(crd['metadata'] as SchemaNode), annotations: { 'helm.sh/resource-policy': 'keep' } };
  return `{{- if .Values.crd.install }}\n${HEADER}${toYaml({ ...crd, metadata })}{{- end }}\n`;
}
