import { ChatPlatformSpec } from '@chatplatform/platform';
import { createApplier, keyOf, type KubeObject, type ResourceType } from '../../kube/index.ts';
import { demoPlatform } from '../../testing/broken-resources.ts';
import { MemoryClient } from '../../testing/memory-client.ts';
import { Pass } from '../pass.ts';
import { reconcileWorkers } from './component.ts';

const owner = { namespace: 'default', name: 'demo', uid: 'u' };
const KAFKA = { reachable: true, topics: [] };

function gatewayPod(name: string, volumes: readonly string[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { 'chatplatform.dev/platform': 'demo', 'chatplatform.dev/component': 'gateway' },
    },
    spec: { volumes: volumes.map((volume) => ({ name: volume })) },
  };
}

/** A platform whose cluster holds `objects`, and whose caches see every write. */
function stage(change: Record<string, unknown>, objects: readonly KubeObject[] = []) {
  const client = new MemoryClient();
  const id = (kind: string, object: KubeObject): string => `${kind}/${keyOf(object)}`;
  for (const object of objects) client.objects.set(id(object.kind ?? '', object), object);
  const caches = {
    get: ({ kind }: ResourceType, namespace: string, name: string) =>
      client.objects.get(`${kind}/${namespace}/${name}`),
    list: ({ kind }: ResourceType, filter: (object: KubeObject) => boolean) =>
      [...client.objects.values()].filter((object) => object.kind === kind && filter(object)),
    learn: () => undefined,
  };
  const look = async () => {
    const pass = new Pass({
      object: { apiVersion: 'v1', kind: 'ChatPlatform', metadata: { name: 'demo', namespace: 'default' } },
      spec: ChatPlatformSpec.parse(demoPlatform(change)['spec']),
      owner,
      client,
      applier: createApplier(client),
      caches,
      now: 0,
    });
    const { conditions } = await reconcileWorkers(pass, { image: 'chat:1', kafka: KAFKA });
    expect(pass.problems).toEqual([]);
    return { rollout: conditions.find(({ type }) => type === 'RolloutComplete'), required: required() };
  };
  /** What the configuration that the Deployment names says of signatures. */
  const required = (): boolean => {
    const deployment = client.objects.get('Deployment/default/demo-worker');
    const names = JSON.stringify(deployment);
    const config = [...client.objects.values()].find(
      ({ kind, metadata }) => kind === 'ConfigMap' && names.includes(`"${metadata.name}"`),
    ) as { data?: Record<string, string> } | undefined;
    const { signing } = JSON.parse(config?.data?.['config.json'] ?? '{}') as {
      signing?: { required: boolean };
    };
    return signing?.required ?? false;
  };
  const report = (status: Record<string, number>): void => {
    const deployment = client.objects.get('Deployment/default/demo-worker');
    if (deployment) client.objects.set('Deployment/default/demo-worker', { ...deployment, status });
  };
  return { look, report, client };
}

const ENABLED = { security: { messageSigning: 'Enabled' } };

describe('workers that refuse messages without a signature', () => {
  test('wait until the last gateway that does not sign is gone', async () => {
    const { look, client } = stage(ENABLED, [gatewayPod('old', ['config']), gatewayPod('new', ['signing'])]);
    const before = await look();
    expect(before.required).toBe(false);
    expect(before.rollout).toMatchObject({ status: 'False', reason: 'RollingOut' });
    expect(before.rollout?.message).toMatch(/without signature are taken until every gateway signs/);
    client.objects.delete('Pod/default/old');
    expect((await look()).required).toBe(true);
  });

  test('are there at once on a new platform', async () => {
    expect((await stage(ENABLED).look()).required).toBe(true);
  });
});

describe('the rollout of workers', () => {
  test('is complete when all run the present configuration, not when enough are ready', async () => {
    const { look, report } = stage({});
    await look();
    report({ replicas: 3, readyReplicas: 2, updatedReplicas: 1 });
    const { rollout } = await look();
    expect(rollout).toMatchObject({ status: 'False', reason: 'RollingOut' });
    expect(rollout?.message).toBe('1 of 2 workers are of the present configuration, 3 there are');
    report({ replicas: 2, readyReplicas: 2, updatedReplicas: 2 });
    expect((await look()).rollout).toMatchObject({ status: 'True', reason: 'Complete' });
  });
});
