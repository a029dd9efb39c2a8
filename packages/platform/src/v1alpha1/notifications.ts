import { z } from 'zod';
import { matching, withRules } from './rule.ts';
import { secretKeyRef } from './values.ts';

// Each has a consumer group and connections of its own; whoever has more people to tell forwards behind one of them.
const MAX_WEBHOOKS = 8;
const MAX_URL = 2048;
// Part of the name of a volume and of a consumer group.
const MAX_NAME = 40;

const Webhook = z.object({
  name: withRules(z.string().min(1).max(MAX_NAME), [
    matching(
      /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      'write a short name of lower-case letters, digits and "-"; what was sent is remembered by it',
    ),
  ]),
  url: withRules(z.string().max(MAX_URL), [
    matching(/^https?:\/\/[^/ ]+/, 'write the full address, such as "https://push.example.com/chat"'),
  ]),
  secretRef: secretKeyRef('secret', 'Secret with the text that signs the requests.'),
  timeoutSeconds: z.int().min(1).max(30).default(5),
});

/** Whom to tell about messages to people who are not connected. */
export const Notifications = z.object({
  webhooks: withRules(
    z.array(Webhook).max(MAX_WEBHOOKS),
    [
      {
        cel: 'self.all(a, self.exists_one(b, a.name == b.name))',
        message: 'write each name once',
        holds: (self) => new Set(self.map((entry) => entry.name)).size === self.length,
      },
    ],
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  ).default([]),
});
