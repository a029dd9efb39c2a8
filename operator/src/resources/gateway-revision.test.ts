import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseChatPlatform } from '@chatplatform/platform';
import { demoPlatform } from '../testing/broken-resources.ts';
import { gatewayRevision, TEMPLATE_VERSION } from './gateway-revision.ts';
import { gatewayAddress, gatewayService } from './gateway-services.ts';
import { neededSecrets } from './secret-files.ts';

const owner = { namespace: 'default', name: 'demo', uid: 'u' };
const image = { image: 'chat:1' };
const spec = (change: Record<string, unknown> = {}) => parseChatPlatform(demoPlatform(change)).spec;
const revisionOf = (change: Record<string, unknown> = {}, chat = image) =>
  gatewayRevision(spec(change), owner, chat).revision;
const golden = fileURLToPath(new URL(`./golden/gateway-v${TEMPLATE_VERSION}.json`, import.meta.url));

interface Pod {
  readonly volumes: unknown[];
  readonly containers: readonly ({ readonly volumeMounts: unknown[] } & Record<string, unknown>)[];
}

function podOf(deployment: Record<string, unknown>): Pod {
  return (deployment['spec'] as { template: { spec: Pod } }).template.spec;
}

describe('the revision of the gateways', () => {
  test('is frozen: the template of a version never changes (a change needs a new TEMPLATE_VERSION)', () => {
    const { revision, configMap, deployment } = gatewayRevision(spec(), owner, image);
    expect({ revision, configMap, deployment: deployment(2) }).toEqual(
      JSON.parse(readFileSync(golden, 'utf8')),
    );
  });

  test.each([
    ['replicas', { gateway: { replicas: 7 } }],
    ['limits', { limits: { maxFrameBytes: 2048 } }],
    ['the Service', { gateway: { service: { port: 8080 } } }],
    ['workers', { workers: { replicas: 7 } }],
    ['the deletion policy', { deletionPolicy: 'Delete' }],
  ])('stays when %s change', (_, change) => {
    expect(revisionOf(change)).toBe(revisionOf());
  });

  test.each([
    ['room options', { rooms: [{ prefix: 'team' }] }],
    ['the drain timeout', { gateway: { drain: { timeoutSeconds: 60 } } }],
    ['TLS', { gateway: { tls: { secretName: 'edge' } } }],
    ['the collector of traces', { observability: { otlpEndpoint: 'http://collector:4318' } }],
    ['resources', { gateway: { resources: { limits: { memory: '1Gi' } } } }],
    [
      'the audience',
      { auth: { issuer: 'demo', audience: 'other', algorithms: ['HS256'], keySecretRef: { name: 'k' } } },
    ],
  ])('changes with %s', (_, change) => {
    expect(revisionOf(change)).not.toBe(revisionOf());
  });

  test('changes with the image', () => {
    expect(revisionOf({}, { image: 'chat:2' })).not.toBe(revisionOf());
  });

  test('with TLS the pods mount the certificate, the Service says so, and nothing but the port of the clients changes', () => {
    const encrypted = spec({ gateway: { tls: { secretName: 'edge' } } });
    const { configMap, deployment } = gatewayRevision(encrypted, owner, image);
    const config = (configMap['data'] as Record<string, string>)['config.json'];
    expect(JSON.parse(config ?? '')).toHaveProperty('listen', {
      tls: { certFile: '/etc/chatplatform/tls/tls.crt', keyFile: '/etc/chatplatform/tls/tls.key' },
    });
    const pod = podOf(deployment(1));
    expect(pod.volumes).toContainEqual({ name: 'tls', secret: { secretName: 'edge' } });
    expect(pod.containers[0]?.volumeMounts).toContainEqual({
      name: 'tls',
      mountPath: '/etc/chatplatform/tls',
      readOnly: true,
    });
    const plain = podOf(gatewayRevision(spec(), owner, image).deployment(1));
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe', 'lifecycle', 'ports'])
      expect(pod.containers[0]?.[probe]).toEqual(plain.containers[0]?.[probe]);
    expect(gatewayService(encrypted, owner)['spec']).toMatchObject({
      ports: [{ name: 'wss', port: 80, targetPort: 'ws', appProtocol: 'kubernetes.io/wss' }],
    });
    expect(gatewayAddress(encrypted, owner)).toBe('wss://demo-gateway.default.svc:80/ws');
    expect(gatewayAddress(spec(), owner)).toBe('ws://demo-gateway.default.svc:80/ws');
    expect(neededSecrets(encrypted)).toContainEqual({
      name: 'edge',
      keys: ['tls.crt', 'tls.key'],
      field: 'gateway.tls.secretName',
    });
  });

  test('the accepting label is in no selector, so that flipping it moves no pod', () => {
    const { deployment } = gatewayRevision(spec(), owner, image);
    const { selector, template } = deployment(1)['spec'] as {
      selector: { matchLabels: Record<string, string> };
      template: { metadata: { labels: Record<string, string> } };
    };
    expect(selector.matchLabels).not.toHaveProperty(['chatplatform.dev/accepting']);
    expect(template.metadata.labels).toHaveProperty(['chatplatform.dev/accepting'], 'true');
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
  });
});
