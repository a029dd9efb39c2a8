import { parseChatPlatform } from './chat-platform.ts';
import { API_VERSION, KIND } from './chat-platform.ts';

const minimal = (change: Record<string, unknown> = {}) => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name: 'demo', namespace: 'chat' },
  spec: {
    profile: 'Dev',
    auth: { issuer: 'demo', audience: 'chat', algorithms: ['HS256'], keySecretRef: { name: 'demo-key' } },
    kafka: { mode: 'EmbeddedDev' },
    redis: { mode: 'SingleDev' },
    ...change,
  },
});

describe('a ChatPlatform read from a file', () => {
  test('has every default filled in', () => {
    const { spec } = parseChatPlatform(minimal());
    expect(spec.gateway.replicas).toBe(2);
    expect(spec.gateway.service).toEqual({ type: 'ClusterIP', port: 80 });
    expect(spec.gateway.drain.timeoutSeconds).toBe(600);
    expect(spec.kafka.messages).toMatchObject({
      partitions: 24,
      replicationFactor: 3,
      minInSyncReplicas: 2,
      retentionHours: 168,
    });
    expect(spec.limits.maxFrameBytes).toBe(65_536);
    expect(spec.auth.keySecretRef).toEqual({ name: 'demo-key', key: 'key' });
    expect(spec.deletionPolicy).toBe('Retain');
  });

  test.each([
    [
      'profile Production with EmbeddedDev',
      { profile: 'Production' },
      /write profile: Dev, or kafka.mode: External/,
    ],
    [
      'a branch of another mode',
      { redis: { mode: 'SingleDev', external: { endpoints: ['r:6379'] } } },
      /without it with mode SingleDev/,
    ],
    [
      'several Redis endpoints without cluster',
      { redis: { mode: 'External', external: { endpoints: ['a:1', 'b:1'] } } },
      /write cluster: true/,
    ],
    [
      'more in-sync replicas than replicas',
      { kafka: { mode: 'EmbeddedDev', messages: { replicationFactor: 1 } } },
      /at most replicationFactor/,
    ],
    ['a prefix twice', { rooms: [{ prefix: 'a' }, { prefix: 'a' }] }, /write each prefix once/],
    ['no gateways', { gateway: { replicas: 0 } }, /gateway.replicas/],
    [
      'a resource that is no quantity',
      { workers: { resources: { limits: { memory: 'much' } } } },
      /write a quantity such as "256Mi"/,
    ],
    ['a misspelt field', { gateway: { replica: 3 } }, /no such field: spec.gateway.replica;/],
  ])('%s is refused with what to write', (_, change, message) => {
    expect(() => parseChatPlatform(minimal(change))).toThrow(message);
  });

  test('keeps labels and annotations of the Service as they are', () => {
    const { spec } = parseChatPlatform(minimal({ gateway: { service: { annotations: { 'a.b/c': 'd' } } } }));
    expect(spec.gateway.service.annotations).toEqual({ 'a.b/c': 'd' });
  });

  test('takes bare numbers as quantities, as Kubernetes does', () => {
    const { spec } = parseChatPlatform(minimal({ gateway: { resources: { requests: { cpu: 1 } } } }));
    expect(spec.gateway.resources?.requests?.cpu).toBe(1);
  });
});
