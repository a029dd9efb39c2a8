import { API_VERSION, KIND, parseChatPlatform } from '../v1alpha1/chat-platform.ts';
import { roomOptions } from './connections.ts';
import { gatewayConfig, gatewayLive, type Surroundings, workerConfig } from './from-spec.ts';
import { GatewayConfig, GatewayLive } from './gateway-config.ts';
import { topicPlans } from './topics.ts';
import { WorkerConfig } from './worker-config.ts';

const platform = { namespace: 'chat', name: 'demo' };
const around: Surroundings = {
  platform,
  kafka: { bootstrapServers: ['kafka:9092'] },
  redis: { endpoints: ['redis:6379'], cluster: false },
  paths: {
    authKey: '/keys/auth',
    adminToken: '/keys/admin',
    live: '/live/config.json',
    tls: '/tls',
    signingKeys: '/signing/keys.json',
    webhookSecrets: '/webhooks',
    rules: '/rules',
  },
};

const spec = (change: Record<string, unknown> = {}) =>
  parseChatPlatform({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: platform,
    spec: {
      profile: 'Dev',
      auth: { issuer: 'i', audience: 'a', algorithms: ['HS256'], keySecretRef: { name: 'k' } },
      kafka: { mode: 'EmbeddedDev' },
      redis: { mode: 'SingleDev' },
      ...change,
    },
  }).spec;

describe('the configuration of the programs', () => {
  test('is what their schemas accept', () => {
    const gateway = GatewayConfig.parse(gatewayConfig(spec(), around));
    expect(gateway.auth.key).toEqual({ file: '/keys/auth' });
    expect(gateway.listen).toEqual({ host: '0.0.0.0', port: 8080, reusePort: false });
    expect(GatewayLive.parse(gatewayLive(spec())).limits.maxRoomsPerConnection).toBe(256);
    expect(WorkerConfig.parse(workerConfig(spec(), around)).retentionHours).toBe(168);
  });

  test('names the certificate of TLS at the gateway, and where there is none leaves the address as it is', () => {
    const { listen } = gatewayConfig(spec({ gateway: { tls: { secretName: 'edge' } } }), around);
    expect(listen).toEqual({ tls: { certFile: '/tls/tls.crt', keyFile: '/tls/tls.key' } });
    expect(gatewayConfig(spec(), around)).not.toHaveProperty('listen');
  });

  test('traces messages in both programs when there is a collector', () => {
    const observability = { otlpEndpoint: 'http://collector:4318', traceSampling: 0.5 };
    const tracing = { endpoint: 'http://collector:4318', sampling: 0.5 };
    expect(gatewayConfig(spec({ observability }), around)).toMatchObject({ tracing });
    expect(workerConfig(spec({ observability }), around)).toMatchObject({ tracing });
    expect(gatewayConfig(spec(), around)).not.toHaveProperty('tracing');
    expect(workerConfig(spec(), around)).not.toHaveProperty('tracing');
  });

  test('keeps what is applied live out of the part that needs a restart', () => {
    const before = spec();
    const after = spec({ limits: { maxFrameBytes: 2048 } });
    expect(gatewayConfig(after, around)).toEqual(gatewayConfig(before, around));
    expect(gatewayLive(after)).not.toEqual(gatewayLive(before));
  });

  test('tells the gateways whose pages and proxies are trusted', () => {
    expect(GatewayConfig.parse(gatewayConfig(spec(), around))).toMatchObject({ trustedProxies: [] });
    expect(gatewayConfig(spec(), around)).not.toHaveProperty('origins');
    const gateway = { allowedOrigins: ['https://chat.example.com'], trustedProxies: ['10.0.0.0/8'] };
    expect(gatewayConfig(spec({ gateway }), around)).toMatchObject({
      origins: gateway.allowedOrigins,
      trustedProxies: gateway.trustedProxies,
    });
  });

  test.each([
    { allowedOrigins: ['chat.example.com'] },
    { allowedOrigins: ['https://chat.example.com/'] },
    { allowedOrigins: [] },
    { trustedProxies: ['load-balancer.example.com'] },
  ])('an origin or a proxy that is none is refused: %j', (gateway) => {
    expect(() => spec({ gateway })).toThrow();
  });

  test('names files for secrets and rules, and only where the spec asks for them', () => {
    const plain = workerConfig(spec(), around);
    expect(plain).not.toHaveProperty('signing');
    expect(plain).not.toHaveProperty('notifications');
    const full = spec({
      security: { messageSigning: 'Permissive' },
      workers: { rules: { configMapRef: { name: 'rules-1' }, modules: ['words.mjs'] } },
      notifications: {
        webhooks: [{ name: 'push', url: 'https://push.example.com', secretRef: { name: 's' } }],
      },
    });
    expect(WorkerConfig.parse(workerConfig(full, around))).toMatchObject({
      services: ['chat', 'notifications', 'presence'],
      rules: ['/rules/words.mjs'],
      signing: { keysFile: '/signing/keys.json', required: false },
      notifications: {
        webhooks: [
          { name: 'push', secretFile: '/webhooks/push', url: 'https://push.example.com', timeoutSeconds: 5 },
        ],
      },
    });
    expect(gatewayConfig(full, around)).toMatchObject({
      moderated: true,
      signing: { keysFile: '/signing/keys.json', required: false },
    });
    const strict = spec({ security: { messageSigning: 'Enabled' } });
    expect(workerConfig(strict, around).signing).toMatchObject({ required: true });
  });

  test('name the Kafka driver only when it is not the default', () => {
    expect(workerConfig(spec(), around).kafka).toEqual(around.kafka);
    const other = spec({ kafka: { mode: 'EmbeddedDev', driver: 'platformatic' } });
    for (const { kafka } of [
      WorkerConfig.parse(workerConfig(other, around)),
      GatewayConfig.parse(gatewayConfig(other, around)),
    ])
      expect(kafka).toMatchObject({ ...around.kafka, driver: 'platformatic' });
  });

  test('switches receipts per room namespace, and rebalancing while the gateways run', () => {
    const one = spec({
      rooms: [{ prefix: 'team', receipts: 'Disabled' }],
      gateway: { rebalance: { mode: 'Off' } },
    });
    const { rooms } = GatewayConfig.parse(gatewayConfig(one, around));
    expect(roomOptions(rooms, 'team').receipts).toBe(false);
    expect(roomOptions(rooms, 'other').receipts).toBe(true);
    expect(GatewayLive.parse(gatewayLive(one)).rebalance.mode).toBe('Off');
    expect(GatewayLive.parse({}).rebalance.mode).toBe('Auto');
    expect(gatewayConfig(one, around)).not.toHaveProperty('live');
  });

  test('gives rooms of an unlisted prefix the defaults', () => {
    const { rooms } = GatewayConfig.parse(
      gatewayConfig(spec({ rooms: [{ prefix: 'team', presence: 'Disabled' }] }), around),
    );
    expect(roomOptions(rooms, 'team')).toMatchObject({ presence: false, typing: true });
    expect(roomOptions(rooms, 'other')).toMatchObject({ prefix: 'other', presence: true, historySize: 1000 });
  });
});

describe('the topics', () => {
  test('have one copy on the one broker of EmbeddedDev', () => {
    for (const plan of topicPlans(spec(), platform)) {
      expect(plan.replicationFactor).toBe(1);
      expect(plan.config['min.insync.replicas']).toBe('1');
    }
  });

  test('are named after the platform, and the message log is stamped by the broker', () => {
    const [messages, ...others] = topicPlans(spec(), platform);
    expect(messages).toMatchObject({ name: 'chat.demo.messages', partitions: 24 });
    expect(messages.config).toMatchObject({
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': '604800000',
    });
    for (const { config, name } of [messages, ...others].filter(({ name }) => !name.endsWith('.control')))
      expect({ name, codec: config['compression.type'] }).toEqual({ name, codec: 'uncompressed' });
    expect(others.map((plan) => plan.name)).toEqual([
      'chat.demo.events',
      'chat.demo.dead-letters',
      'chat.demo.control',
    ]);
  });
});
