import { parseChatPlatform, WorkerConfig } from '@chatplatform/platform';
import { demoPlatform } from '../testing/broken-resources.ts';
import { gatewayRevision } from './gateway-revision.ts';
import { neededSecrets } from './secret-files.ts';
import { signingSecret } from './signing-secret.ts';
import { workerResources } from './worker-deployment.ts';

const owner = { namespace: 'default', name: 'demo', uid: 'u' };
const image = { image: 'chat:1' };
const spec = (change: Record<string, unknown> = {}) => parseChatPlatform(demoPlatform(change)).spec;

interface PodTemplate {
  spec: {
    volumes: { name: string; projected?: unknown; configMap?: unknown; secret?: unknown }[];
    containers: { volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }[];
  };
}

function workers(change: Record<string, unknown> = {}) {
  const { configMap, deployment } = workerResources(spec(change), owner, image);
  const { template } = deployment['spec'] as { template: PodTemplate };
  const { data } = configMap as unknown as { data: Record<string, string> };
  const config = WorkerConfig.parse(JSON.parse(data['config.json'] ?? '{}'));
  const mounts = template.spec.containers[0]?.volumeMounts ?? [];
  return { config, name: configMap.metadata.name, volumes: template.spec.volumes, mounts };
}

const services = {
  security: { messageSigning: 'Permissive' },
  workers: { rules: { configMapRef: { name: 'demo-rules-1' }, modules: ['words.mjs'] } },
  notifications: {
    webhooks: [
      { name: 'push', url: 'https://push.example.com', secretRef: { name: 'push-secret', key: 'token' } },
      { name: 'mail', url: 'https://mail.example.com', secretRef: { name: 'mail-secret' } },
    ],
  },
};

test('what a platform does not ask for is neither mounted nor configured', () => {
  const { config, mounts } = workers();
  expect(mounts.map(({ name }) => name)).toEqual(['config']);
  expect(config).toMatchObject({ rules: [], notifications: { webhooks: [] } });
  expect(config).not.toHaveProperty('signing');
});

test('every file the configuration names is mounted, read-only', () => {
  const { config, mounts, volumes } = workers(services);
  const files = [
    ...config.rules,
    ...config.notifications.webhooks.map(({ secretFile }) => secretFile),
    config.signing?.keysFile ?? '',
  ];
  for (const file of files)
    expect(mounts.some(({ mountPath, readOnly }) => file.startsWith(`${mountPath}/`) && readOnly)).toBe(true);
  expect(volumes.find(({ name }) => name === 'webhooks')?.projected).toEqual({
    sources: [
      { secret: { name: 'push-secret', items: [{ key: 'token', path: 'push' }] } },
      { secret: { name: 'mail-secret', items: [{ key: 'secret', path: 'mail' }] } },
    ],
  });
  expect(volumes.find(({ name }) => name === 'rules')?.configMap).toEqual({ name: 'demo-rules-1' });
  expect(volumes.find(({ name }) => name === 'signing')?.secret).toEqual({ secretName: 'demo-signing' });
});

test('secrets of webhooks are among those a platform needs', () => {
  expect(neededSecrets(spec(services))).toContainEqual({
    name: 'push-secret',
    keys: ['token'],
    field: 'notifications.webhooks[push].secretRef',
  });
});

test('gateways get the keys to sign with, and roll when signing begins', () => {
  const plain = gatewayRevision(spec(), owner, image);
  const signing = gatewayRevision(spec(services), owner, image);
  expect(signing.revision).not.toBe(plain.revision);
  expect(JSON.stringify(signing.deployment(1))).toContain('"secretName":"demo-signing"');
  expect(JSON.stringify(signing.deployment(1))).not.toContain('push-secret');
});

test('the Secret of signing keys holds one that is active', () => {
  const { stringData } = signingSecret(owner, () => 'made') as unknown as {
    stringData: Record<string, string>;
  };
  expect(JSON.parse(stringData['keys.json'] ?? '')).toEqual({ active: 'k1', keys: { k1: 'made' } });
});
