type Parts = Record<string, unknown>;

/** A valid development platform; `change` replaces parts of its spec. */
export function demoPlatform(change: Parts = {}, name = 'demo', namespace = 'default'): Parts {
  return {
    apiVersion: 'chatplatform.dev/v1alpha1',
    kind: 'ChatPlatform',
    metadata: { name, namespace },
    spec: {
      profile: 'Dev',
      auth: { issuer: 'demo', audience: 'chat', algorithms: ['HS256'], keySecretRef: { name: 'demo-key' } },
      kafka: { mode: 'EmbeddedDev', messages: { partitions: 6 } },
      redis: { mode: 'SingleDev' },
      ...change,
    },
  };
}

const jwks = { issuer: 'i', audience: 'a', jwksURL: 'https://id.example.com/jwks.json' };
const external = { mode: 'External', external: { bootstrapServers: ['kafka:9092'] } };
const externalRedis = { mode: 'External', external: { endpoints: ['redis:6379'] } };
const webhook = { name: 'push', url: 'https://push.example.com', secretRef: { name: 's' } };
const spec = (change: Parts, name?: string) => demoPlatform(change, name);

/** What people get wrong, and the words with which they are told what to write. */
export const BROKEN_PLATFORMS: readonly (readonly [what: string, resource: Parts, told: RegExp])[] = [
  ['a name with a capital', spec({}, 'Demo'), /lower-case|lowercase/i],
  ['a name that is too long', spec({}, 'a'.repeat(41)), /write a metadata.name of at most 40 characters/],
  [
    'no auth at all',
    { ...spec({}), spec: { kafka: external, redis: externalRedis } },
    /spec.auth.*[Rr]equired/s,
  ],
  [
    'two sources of keys',
    spec({ auth: { ...jwks, algorithms: ['RS256'], keySecretRef: { name: 'k' } } }),
    /write exactly one of jwksURL/,
  ],
  [
    'no source of keys',
    spec({ auth: { issuer: 'i', audience: 'a', algorithms: ['RS256'] } }),
    /write exactly one of jwksURL/,
  ],
  [
    'a shared key with a public-key algorithm',
    spec({ auth: { issuer: 'i', audience: 'a', algorithms: ['RS256'], keySecretRef: { name: 'k' } } }),
    /write only HS256/,
  ],
  [
    'public keys with a shared-key algorithm',
    spec({ auth: { ...jwks, algorithms: ['HS256'] } }),
    /write public-key algorithms/,
  ],
  ['an algorithm nobody knows', spec({ auth: { ...jwks, algorithms: ['none'] } }), /"RS256"/],
  [
    'a key set without a scheme',
    spec({ auth: { ...jwks, jwksURL: 'id.example.com', algorithms: ['RS256'] } }),
    /write the full address of the key set/,
  ],
  [
    'EmbeddedDev in production',
    spec({ profile: 'Production' }),
    /write profile: Dev, or kafka.mode: External/,
  ],
  [
    'SingleDev in production',
    spec({ profile: 'Production', kafka: external }),
    /write profile: Dev, or redis.mode: External/,
  ],
  [
    'one gateway in production',
    spec({ profile: 'Production', kafka: external, redis: externalRedis, gateway: { replicas: 1 } }),
    /write gateway.replicas: 2 or more/,
  ],
  [
    'one worker in production',
    spec({ profile: 'Production', kafka: external, redis: externalRedis, workers: { replicas: 1 } }),
    /write workers.replicas: 2 or more/,
  ],
  [
    'one copy of the log in production',
    spec({
      profile: 'Production',
      kafka: { ...external, messages: { replicationFactor: 1, minInSyncReplicas: 1 } },
      redis: externalRedis,
    }),
    /write kafka.messages.replicationFactor: 2 or more/,
  ],
  ['no gateways', spec({ gateway: { replicas: 0 } }), /greater than or equal to 1/],
  ['External without an address', spec({ kafka: { mode: 'External' } }), /write the branch of the mode/],
  [
    'the branch of another Kafka mode',
    spec({ kafka: { mode: 'EmbeddedDev', external: { bootstrapServers: ['k:1'] } } }),
    /write the branch of the mode/,
  ],
  [
    'a Kafka address without a port',
    spec({ kafka: { mode: 'External', external: { bootstrapServers: ['kafka'] } } }),
    /write host:port/,
  ],
  [
    'more in-sync replicas than replicas',
    spec({ kafka: { mode: 'EmbeddedDev', messages: { replicationFactor: 1 } } }),
    /write a minInSyncReplicas of at most replicationFactor/,
  ],
  [
    'a topic setting that is ours',
    spec({ kafka: { mode: 'EmbeddedDev', messages: { config: [{ name: 'retention.ms', value: '1' }] } } }),
    /write retentionHours or minInSyncReplicas/,
  ],
  [
    'the branch of another Redis mode',
    spec({ redis: { ...externalRedis, mode: 'SingleDev' } }),
    /without it with mode SingleDev/,
  ],
  [
    'several Redis endpoints without cluster',
    spec({ redis: { mode: 'External', external: { endpoints: ['a:1', 'b:1'] } } }),
    /write cluster: true/,
  ],
  [
    'a prefix with a colon',
    spec({ rooms: [{ prefix: 'team:' }] }),
    /write the part of the room names before the first ":"/,
  ],
  [
    'a prefix twice',
    spec({ rooms: [{ prefix: 'a' }, { prefix: 'a' }] }),
    /[Dd]uplicate|write each prefix once/,
  ],
  ['a history of nothing', spec({ rooms: [{ prefix: 'a', historySize: 0 }] }), /greater than or equal to 1/],
  [
    'a load balancer class without a load balancer',
    spec({ gateway: { service: { loadBalancerClass: 'x' } } }),
    /write type: LoadBalancer/,
  ],
  [
    'a traffic policy of a ClusterIP',
    spec({ gateway: { service: { externalTrafficPolicy: 'Local' } } }),
    /change type, or remove externalTrafficPolicy/,
  ],
  [
    'memory in words',
    spec({ gateway: { resources: { limits: { memory: 'much' } } } }),
    /write a quantity such as "256Mi"/,
  ],
  [
    'frames larger than a record may be',
    spec({ limits: { maxFrameBytes: 10_000_000 } }),
    /less than or equal to 524288/,
  ],
  [
    'a webhook twice',
    spec({ notifications: { webhooks: [webhook, webhook] } }),
    /[Dd]uplicate|write each name once/,
  ],
  [
    'a webhook without a scheme',
    spec({ notifications: { webhooks: [{ ...webhook, url: 'push.example.com' }] } }),
    /write the full address, such as "https:\/\/push/,
  ],
  [
    'a webhook with a long name in capitals',
    spec({ notifications: { webhooks: [{ ...webhook, name: 'PUSH' }] } }),
    /write a short name of lower-case letters/,
  ],
  [
    'a rule that is no module',
    spec({ workers: { rules: { configMapRef: { name: 'rules' }, modules: ['words.txt'] } } }),
    /write the key of a module/,
  ],
  [
    'a collector with a path',
    spec({ observability: { otlpEndpoint: 'http://collector:4318/v1/traces' } }),
    /write the base address of an OTLP/,
  ],
  ['more than all messages traced', spec({ observability: { traceSampling: 2 } }), /less than or equal to 1/],
  [
    'TLS with a name that no Secret can have',
    spec({ gateway: { tls: { secretName: 'Edge' } } }),
    /write the name of an object in this namespace/,
  ],
  ['an image with a space', spec({ image: 'my image' }), /write an image reference/],
];

/** Changes of a stored platform that are refused, and the words with which people are told. */
export const FORBIDDEN_CHANGES: readonly (readonly [what: string, patch: Parts, told: RegExp])[] = [
  ['the profile', { profile: 'Production' }, /create a new platform with the other profile/],
  [
    'the partition count',
    { kafka: { messages: { partitions: 12 } } },
    /create a new platform with the new count/,
  ],
  [
    'the Kafka mode',
    { kafka: { mode: 'External', external: { bootstrapServers: ['k:1'] } } },
    /create a new platform with the new mode/,
  ],
  ['the Redis mode', { redis: externalRedis }, /create a new platform with the new mode/],
  [
    'unsigned messages to required signatures',
    { security: { messageSigning: 'Enabled' } },
    /write Permissive first/,
  ],
  [
    'the storage size, by adding the branch',
    { kafka: { embedded: { storageSize: '5Gi' } } },
    /delete this platform and create it again/,
  ],
];
