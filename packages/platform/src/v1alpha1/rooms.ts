import { z } from 'zod';
import { matching, withRules } from './rule.ts';

const MAX_NAMESPACES = 64;
// Room names have up to 128 characters; the prefix leaves room for the name itself.
const MAX_PREFIX = 64;

const toggle = z.enum(['Enabled', 'Disabled']).default('Enabled');

/** Options of all rooms whose name starts with `<prefix>:`; prefix `@` stands for personal rooms. */
export const RoomNamespace = z.object({
  prefix: withRules(z.string().min(1).max(MAX_PREFIX), [
    matching(
      /^(@|[A-Za-z0-9_.-]+)$/,
      'write the part of the room names before the first ":" (letters, digits, "_", ".", "-"), or "@" for personal rooms',
    ),
  ]),
  kind: z.enum(['messages', 'latest']).default('messages'),
  historySize: z.int().min(1).max(10_000).default(1000),
  historyHours: z.int().min(1).max(720).default(24),
  presence: toggle,
  receipts: toggle,
  typing: toggle,
  publishPerSecond: z.int().min(1).max(10_000).default(200),
});

/** `spec.rooms`; rooms of a prefix that is not listed have the defaults. */
export const RoomNamespaces = withRules(
  z.array(RoomNamespace).max(MAX_NAMESPACES),
  [
    {
      cel: 'self.all(a, self.exists_one(b, a.prefix == b.prefix))',
      message: 'write each prefix once',
      holds: (self) => new Set(self.map((entry) => entry.prefix)).size === self.length,
    },
  ],
  { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['prefix'] },
);
