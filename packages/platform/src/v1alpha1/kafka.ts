import { z } from 'zod';
import { immutable, matching, withRules } from './rule.ts';
import { objectName, quantity, secretKeyRef } from './values.ts';

const MAX_ADDRESS = 261; // a DNS name (253), a colon, a port
const ADDRESS = /^[A-Za-z0-9.-]+:[0-9]{1,5}$/;

/** `host:port`. */
export const address = (example: string) =>
  withRules(z.string().max(MAX_ADDRESS), [matching(ADDRESS, `write host:port, such as "${example}"`)]);

/** TLS towards a store; without `caSecretRef` the public authorities are trusted. */
export const Tls = z.object({
  caSecretRef: secretKeyRef('ca.crt', 'Secret with the certificate authority (PEM).').optional(),
});

const External = z.object({
  bootstrapServers: z
    .array(address('kafka.example.com:9092'))
    .min(1)
    .max(16)
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  tls: Tls.optional(),
  sasl: z
    .object({
      mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
      secretRef: z
        .object({ name: objectName() })
        .meta({ description: 'Secret with the keys "username" and "password".' }),
    })
    .optional(),
});

const Embedded = z.object({
  storageSize: withRules(quantity('1Gi'), [
    immutable(
      'storageSize cannot change after creation: delete this platform and create it again with the new size',
    ),
  ]).default('1Gi'),
});

/** Topic settings that the platform decides itself. */
const OWN_TOPIC_KEYS = [
  'retention.ms',
  'min.insync.replicas',
  'cleanup.policy',
  'message.timestamp.type',
  'compression.type',
];

const Messages = withRules(
  z.object({
    partitions: withRules(z.int().min(1).max(999), [
      immutable(
        'partitions cannot change: rooms would move to other partitions and lose their order; create a new platform with the new count',
      ),
    ]).default(24),
    replicationFactor: z
      .int()
      .min(1)
      .max(9)
      .default(3)
      .meta({ description: 'EmbeddedDev has one broker: always 1 there.' }),
    minInSyncReplicas: z
      .int()
      .min(1)
      .max(9)
      .default(2)
      .meta({ description: 'EmbeddedDev has one broker: always 1 there.' }),
    retentionHours: z.int().min(1).max(87_600).default(168),
    config: z
      .array(z.object({ name: z.string().min(1).max(128), value: z.string().max(1024) }))
      .max(32)
      .default([])
      .meta({
        description: 'Further topic settings of the message log.',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      }),
  }),
  [
    {
      cel: 'self.minInSyncReplicas <= self.replicationFactor',
      message:
        'minInSyncReplicas is greater than replicationFactor, so nothing could be written: write a minInSyncReplicas of at most replicationFactor',
      holds: (self) => self.minInSyncReplicas <= self.replicationFactor,
    },
    {
      cel: "self.config.all(c, !(c.name in ['retention.ms', 'min.insync.replicas', 'cleanup.policy', 'message.timestamp.type', 'compression.type']))",
      message:
        'retention.ms, min.insync.replicas, cleanup.policy, message.timestamp.type and compression.type belong to the platform: write retentionHours or minInSyncReplicas, and remove the entry from config',
      holds: (self) => !self.config.some((entry) => OWN_TOPIC_KEYS.includes(entry.name)),
    },
  ],
);

/** The message log. */
export const Kafka = withRules(
  z.object({
    mode: z.enum(['External', 'EmbeddedDev']),
    driver: z.enum(['kafkajs', 'platformatic']).default('kafkajs').meta({
      description:
        'Kafka client of gateways and workers. With platformatic a worker that is restarted in its pod takes its partitions back at once.',
    }),
    external: External.optional(),
    embedded: Embedded.optional(),
    messages: Messages.prefault({}),
  }),
  [
    {
      cel: 'self.mode == oldSelf.mode',
      message:
        'kafka.mode cannot change, the messages would stay behind in the old Kafka: create a new platform with the new mode',
    },
    {
      cel: "self.mode == 'External' ? has(self.external) && !has(self.embedded) : !has(self.external)",
      message:
        'write the branch of the mode and no other: external with mode External, embedded (or nothing) with mode EmbeddedDev',
      holds: (self) =>
        self.mode === 'External'
          ? self.external !== undefined && self.embedded === undefined
          : self.external === undefined,
    },
    {
      cel: "(has(self.embedded) ? self.embedded.storageSize : '1Gi') == (has(oldSelf.embedded) ? oldSelf.embedded.storageSize : '1Gi')",
      message:
        'embedded.storageSize cannot change after creation, also by adding or removing embedded: delete this platform and create it again with the new size',
    },
  ],
);
