import { z } from 'zod';
import { Auth } from './auth.ts';
import { Gateway, Workers } from './gateway.ts';
import { Kafka } from './kafka.ts';
import { Limits } from './limits.ts';
import { Notifications } from './notifications.ts';
import { Observability } from './observability.ts';
import { Redis } from './redis.ts';
import { RoomNamespaces } from './rooms.ts';
import { immutable, matching, withRules } from './rule.ts';
import { Security } from './security.ts';
import { objectName } from './values.ts';

const MAX_IMAGE = 512;

const image = withRules(z.string().min(1).max(MAX_IMAGE), [
  matching(
    /^[a-z0-9][^ ]*$/,
    'write an image reference such as "registry.example.com/chatplatform/chat:1.2.3"',
  ),
]);

/** `spec` of a ChatPlatform, with every default. */
export const ChatPlatformSpec = withRules(
  z.object({
    management: z.enum(['Managed', 'Paused']).default('Managed').meta({
      description:
        'Paused: the operator writes nothing and says in the condition Paused what it would change.',
    }),
    profile: withRules(z.enum(['Production', 'Dev']), [
      immutable('profile cannot change: create a new platform with the other profile'),
    ]).default('Production'),
    deletionPolicy: z.enum(['Retain', 'Delete']).default('Retain').meta({
      description: 'What becomes of topics and volumes when this object is deleted.',
    }),
    image: image.optional(),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
    imagePullSecrets: z
      .array(z.object({ name: objectName() }))
      .max(16)
      .default([])
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
    auth: Auth,
    rooms: RoomNamespaces.default([]),
    limits: Limits.prefault({}),
    gateway: Gateway.prefault({}),
    workers: Workers.prefault({}),
    kafka: Kafka,
    redis: Redis,
    notifications: Notifications.prefault({}),
    security: Security.prefault({}),
    observability: Observability.prefault({}),
  }),
  [
    {
      cel: "self.profile == 'Dev' || self.kafka.mode != 'EmbeddedDev'",
      message:
        'kafka.mode EmbeddedDev loses messages with its only disk: write profile: Dev, or kafka.mode: External',
      holds: (self) => self.profile === 'Dev' || self.kafka.mode !== 'EmbeddedDev',
    },
    {
      cel: "self.profile == 'Dev' || self.redis.mode != 'SingleDev'",
      message: 'redis.mode SingleDev has no second node: write profile: Dev, or redis.mode: External',
      holds: (self) => self.profile === 'Dev' || self.redis.mode !== 'SingleDev',
    },
    {
      cel: "self.profile == 'Dev' || self.gateway.replicas >= 2",
      message:
        'one gateway cannot be replaced without a pause: write gateway.replicas: 2 or more, or profile: Dev',
      holds: (self) => self.profile === 'Dev' || self.gateway.replicas >= 2,
    },
    {
      cel: "self.profile == 'Dev' || self.workers.replicas >= 2",
      message:
        'one worker delays every message while it restarts: write workers.replicas: 2 or more, or profile: Dev',
      holds: (self) => self.profile === 'Dev' || self.workers.replicas >= 2,
    },
    {
      cel: "self.profile == 'Dev' || self.kafka.messages.replicationFactor >= 2",
      message:
        'one copy of the log is lost with its broker: write kafka.messages.replicationFactor: 2 or more, or profile: Dev',
      holds: (self) => self.profile === 'Dev' || self.kafka.messages.replicationFactor >= 2,
    },
  ],
);

/** A parsed spec: every default filled in. */
export type ChatPlatformSpec = z.output<typeof ChatPlatformSpec>;
/** A spec as people write it. */
export type ChatPlatformSpecInput = z.input<typeof ChatPlatformSpec>;
