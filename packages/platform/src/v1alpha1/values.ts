import { z } from 'zod';
import { matching, withRules } from './rule.ts';

// A Kubernetes object name is at most 253 characters (DNS subdomain).
const MAX_OBJECT_NAME = 253;

/** Name of a Kubernetes object in the platform's own namespace. */
export const objectName = () =>
  withRules(z.string().min(1).max(MAX_OBJECT_NAME), [
    matching(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      'write the name of an object in this namespace: lower-case letters, digits, "-" and "."',
    ),
  ]);

/** One key of a Secret in the platform's namespace. */
export const secretKeyRef = (key: string, what: string) =>
  z
    .object({
      name: objectName(),
      key: z.string().min(1).max(MAX_OBJECT_NAME).default(key),
    })
    .meta({ description: what });

const QUANTITY = /^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/;
// The longest sensible quantity ("1234567890.123Mi") is far below this.
const MAX_QUANTITY = 32;

/** An amount of CPU, memory or storage, as Kubernetes writes it. */
export const quantity = (example: string) =>
  withRules(z.string().min(1).max(MAX_QUANTITY), [
    matching(QUANTITY, `write a quantity such as "${example}"`),
  ]);

/** As `quantity`, but a bare number is taken too (`cpu: 1`), as everywhere in Kubernetes. */
const looseQuantity = (example: string) =>
  withRules(
    z.union([z.int().min(0), z.string().min(1).max(MAX_QUANTITY)]),
    [
      {
        cel: `type(self) == int || string(self).matches('${QUANTITY.source}')`,
        message: `write a quantity such as "${example}"`,
        holds: (self) => typeof self === 'number' || QUANTITY.test(self),
      },
    ],
    { 'x-kubernetes-int-or-string': true },
  );

const amounts = () =>
  z.object({ cpu: looseQuantity('500m').optional(), memory: looseQuantity('256Mi').optional() });

/** Compute resources of a container. What is absent is filled in by the operator. */
export const resources = () =>
  z
    .object({ requests: amounts().optional(), limits: amounts().optional() })
    .meta({ description: 'Compute resources of each pod. Absent parts take small defaults.' });

/** Output of {@link resources}. */
export type Resources = z.output<ReturnType<typeof resources>>;

// 64 entries with bounded keys and values keep the worst object far below etcd's limit.
const MAX_METADATA_ENTRIES = 64;
const MAX_LABEL = 63;
const MAX_ANNOTATION = 4096;

/** Labels or annotations passed through to a child object. */
export const metadataMap = (kind: 'labels' | 'annotations') =>
  z
    .record(z.string(), z.string().max(kind === 'labels' ? MAX_LABEL : MAX_ANNOTATION))
    .meta({ maxProperties: MAX_METADATA_ENTRIES });
