import { z } from 'zod';
import { withRules } from './rule.ts';
import { address, Tls } from './kafka.ts';
import { objectName } from './values.ts';

const External = withRules(
  z.object({
    endpoints: z
      .array(address('redis.example.com:6379'))
      .min(1)
      .max(32)
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
    cluster: z
      .boolean()
      .default(false)
      .meta({ description: 'true: Redis Cluster; endpoints are its first contacts.' }),
    tls: Tls.optional(),
    authSecretRef: z
      .object({ name: objectName() })
      .optional()
      .meta({ description: 'Secret with the key "password" and, for an ACL user, "username".' }),
  }),
  [
    {
      cel: 'self.cluster || self.endpoints.size() == 1',
      message: 'several endpoints need Redis Cluster: write cluster: true, or a single endpoint',
      holds: (self) => self.cluster || self.endpoints.length === 1,
    },
  ],
);

/** The cache in front of the log. */
export const Redis = withRules(
  z.object({ mode: z.enum(['External', 'SingleDev']), external: External.optional() }),
  [
    {
      cel: 'self.mode == oldSelf.mode',
      message: 'redis.mode cannot change: create a new platform with the new mode',
    },
    {
      cel: "(self.mode == 'External') == has(self.external)",
      message: 'write external with mode External, and without it with mode SingleDev',
      holds: (self) => (self.mode === 'External') === (self.external !== undefined),
    },
  ],
);
