import { z } from 'zod';

/** Configuration of the operator: defaults, then a file, then environment `OPERATOR_…`. */
export const OperatorConfig = z.object({
  /** Images of platforms whose spec names none, and of the stores that the operator runs itself. */
  images: z.object({ chat: z.string().min(1), kafka: z.string().min(1), redis: z.string().min(1) }),
  /** Only platforms in this namespace; absent = all. */
  watchNamespace: z.string().min(1).optional(),
  leaderElection: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1).default('chatplatform-operator'),
  }),
  /** Unique per process; the pod's name in the cluster. */
  identity: z.string().min(1),
  /** Platforms reconciled at the same time. */
  concurrency: z.int().min(1).max(64).default(4),
  admin: z
    .object({ host: z.string().default('0.0.0.0'), port: z.int().min(0).max(65_535).default(9090) })
    .prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Absent = the pod's service account, `KUBECONFIG`, or the default file. */
  kubeconfig: z.string().optional(),
});

/** A parsed configuration. */
export type OperatorConfig = z.output<typeof OperatorConfig>;
/** A configuration as people write it. */
export type OperatorConfigInput = z.input<typeof OperatorConfig>;
