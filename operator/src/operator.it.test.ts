import { type ChatPlatformStatus } from '@chatplatform/platform';
import { type KubeObject, Resources } from './kube/index.ts';
import { defaultTransport } from './kube/transport.ts';
import { admissionTests } from './testing/admission-tests.ts';
import { demoPlatform } from './testing/broken-resources.ts';
import { type ControlPlane, startControlPlane } from './testing/control-plane.ts';
import { childrenOf, FakeKubelet, type OperatorBench, startBench, until } from './testing/operator-bench.ts';

let plane: ControlPlane;
let bench: OperatorBench;
let kubelet: FakeKubelet;
const NS = 'chat';

beforeAll(async () => {
  plane = await startControlPlane('operator');
  await plane.transport.call({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: NS } },
  });
  await plane.client.create({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'demo-key', namespace: NS },
    stringData: { key: 'secret' },
  });
}, 900_000);

afterAll(async () => {
  await kubelet?.stop();
  await bench?.operator.close();
  await plane?.down();
}, 60_000);

const chat = async (name = 'demo') => plane.client.get(Resources.chatPlatform, NS, name);
const status = async (name = 'demo'): Promise<ChatPlatformStatus> => (await chat(name))?.['status'] ?? {};
const condition = async (type: string, name = 'demo') =>
  (await status(name)).conditions?.find((entry) => entry.type === type);
const isTrue = (type: string) => until(type, async () => (await condition(type))?.status === 'True');
const patchSpec = (patch: object) =>
  plane.client.patch(Resources.chatPlatform, { namespace: NS, name: 'demo' }, { spec: patch });
const gatewayPods = async (): Promise<KubeObject[]> =>
  (
    await plane.client.list(Resources.pod, {
      namespace: NS,
      labelSelector: 'chatplatform.dev/component=gateway',
    })
  ).items;
const replicasByRevision = async (): Promise<number[]> => {
  const { items } = await plane.client.list(Resources.deployment, {
    namespace: NS,
    labelSelector: 'chatplatform.dev/component=gateway',
  });
  return items.map((item) => (item['spec'] as { replicas: number }).replicas).sort();
};

// In one file with the operator: a control plane takes half a minute of a core to start.
describe('admission of a ChatPlatform', () => admissionTests(() => plane));

describe('the operator on a real API server', () => {
  beforeAll(async () => {
    bench = await startBench(plane, defaultTransport(plane.kubeconfig), 'first');
    await bench.operator.active;
    kubelet = new FakeKubelet(plane, bench.gateways);
  }, 60_000);

  test('makes everything that the design names, and says Ready', async () => {
    await plane.client.create(demoPlatform({}, 'demo', NS) as KubeObject);
    await isTrue('Ready');
    expect(await childrenOf(plane.client, Resources.service, NS)).toEqual([
      'demo-gateway',
      'demo-kafka',
      'demo-redis',
    ]);
    expect(await childrenOf(plane.client, Resources.statefulSet, NS)).toEqual(['demo-kafka']);
    expect(await childrenOf(plane.client, Resources.podDisruptionBudget, NS)).toEqual([
      'demo-gateway',
      'demo-worker',
    ]);
    expect(await childrenOf(plane.client, Resources.secret, NS)).toEqual(['demo-keys']);
    expect(await childrenOf(plane.client, Resources.deployment, NS)).toEqual([
      expect.stringMatching(/^demo-gateway-[0-9a-f]{8}$/),
      'demo-redis',
      'demo-worker',
    ]);
    expect(await childrenOf(plane.client, Resources.configMap, NS)).toEqual([
      expect.stringMatching(/^demo-gateway-[0-9a-f]{8}$/),
      'demo-gateway-live',
      expect.stringMatching(/^demo-worker-[0-9a-f]{8}$/),
    ]);
    expect(await status()).toMatchObject({
      gateway: { replicas: 2, readyReplicas: 2, updatedReplicas: 2, resolvedImage: 'chat:1' },
      workers: { replicas: 2, readyReplicas: 2, lag: 0, partitions: 6 },
      kafka: { mode: 'EmbeddedDev' },
      redis: { mode: 'SingleDev', state: 'Ready' },
    });
    expect(await condition('ConfigurationWarning')).toMatchObject({ status: 'True', reason: 'NotDurable' });
  }, 90_000);

  test('writes nothing when nothing changes', async () => {
    await until('a quiet second', async () => {
      bench.takeWrites();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return bench.takeWrites().length === 0;
    });
    // Long enough for a lag sample and a look at the gateways (15 s each).
    await new Promise((resolve) => setTimeout(resolve, 17_000));
    expect(bench.takeWrites()).toEqual([]);
  }, 60_000);

  test('restores what somebody else changed or deleted', async () => {
    const service = { namespace: NS, name: 'demo-gateway' };
    await plane.client.patch(Resources.service, service, {
      spec: { selector: { 'chatplatform.dev/accepting': 'maybe' } },
    });
    await plane.client.delete(Resources.podDisruptionBudget, { namespace: NS, name: 'demo-worker' });
    await until('both are as before', async () => {
      const live = await plane.client.get(Resources.service, NS, 'demo-gateway');
      const { selector = {} } = (live?.['spec'] ?? {}) as { selector?: Record<string, string> };
      const budget = await plane.client.get(Resources.podDisruptionBudget, NS, 'demo-worker');
      return selector['chatplatform.dev/accepting'] === 'true' && budget !== undefined;
    });
  }, 60_000);

  test('a change of limits reaches the live ConfigMap and rolls no pod', async () => {
    const before = (await gatewayPods()).map((pod) => pod.metadata.uid).sort();
    await patchSpec({ limits: { maxFrameBytes: 2048 } });
    await until('the live ConfigMap', async () => {
      const live = await plane.client.get(Resources.configMap, NS, 'demo-gateway-live');
      return JSON.stringify(live?.['data']).includes('2048');
    });
    expect((await gatewayPods()).map((pod) => pod.metadata.uid).sort()).toEqual(before);
  }, 60_000);

  test('kubectl scale adds a gateway, and takes away the one it drained', async () => {
    const scale = (replicas: number) =>
      plane.client.patch(
        Resources.chatPlatform,
        { namespace: NS, name: 'demo', subresource: 'scale' },
        { spec: { replicas } },
      );
    await scale(3);
    await until('three ready', async () => (await status()).gateway?.readyReplicas === 3);
    await scale(2);
    await until('two left', async () => (await gatewayPods()).length === 2);
    expect(bench.gateways.drains).toHaveLength(1);
    expect(await replicasByRevision()).toEqual([2]);
  }, 90_000);

  test('a new image rolls the gateways, one drained pod after the other, and keeps the old revision at zero', async () => {
    const old = new Set((await gatewayPods()).map((pod) => pod.metadata.name));
    bench.gateways.drains.length = 0;
    await patchSpec({ image: 'chat:2' });
    await until('only new pods', async () => {
      const pods = await gatewayPods();
      const accepting = pods.filter(
        (pod) =>
          pod.metadata.labels?.['chatplatform.dev/accepting'] === 'true' && !pod.metadata.deletionTimestamp,
      );
      expect(accepting.length).toBeGreaterThanOrEqual(2);
      return pods.length === 2 && pods.every((pod) => !old.has(pod.metadata.name));
    });
    expect(bench.gateways.drains).toHaveLength(2);
    expect(await replicasByRevision()).toEqual([0, 2]);
    await isTrue('RolloutComplete');
  }, 90_000);

  test('never takes over an object of somebody else', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'taken-gateway-live', namespace: NS },
      data: { mine: 'yes' },
    };
    await plane.client.create(body);
    await plane.client.create(demoPlatform({}, 'taken', NS) as KubeObject);
    await until(
      'NameConflict',
      async () => (await condition('Degraded', 'taken'))?.reason === 'NameConflict',
    );
    expect(await plane.client.get(Resources.configMap, NS, 'taken-gateway-live')).toMatchObject({
      data: { mine: 'yes' },
    });
    await plane.client.delete(Resources.chatPlatform, { namespace: NS, name: 'taken' });
    await until('gone', async () => (await chat('taken')) === undefined);
  }, 60_000);

  test('paused, it writes nothing and says what it would', async () => {
    await patchSpec({ management: 'Paused', workers: { replicas: 1 } });
    await isTrue('Paused');
    await until('the plan', async () =>
      (await condition('Paused'))?.message.includes('update Deployment demo-worker'),
    );
    const worker = await plane.client.get(Resources.deployment, NS, 'demo-worker');
    expect(worker?.['spec']).toMatchObject({ replicas: 2 });
    await patchSpec({ management: 'Managed', workers: { replicas: 2 } });
    await until('managed', async () => (await condition('Paused'))?.status === 'False');
  }, 60_000);

  test('a second operator takes over when the first one leaves, and no two write at once', async () => {
    const second = await startBench(plane, defaultTransport(plane.kubeconfig), 'second');
    for (const [address, state] of bench.gateways.state) second.gateways.state.set(address, state);
    expect(second.operator.isLeader()).toBe(false);
    expect(second.takeWrites()).toEqual([]);
    await bench.operator.close();
    await second.operator.active;
    bench = second;
    await plane.client.delete(Resources.service, { namespace: NS, name: 'demo-redis' });
    await until('restored by the second', () => plane.client.get(Resources.service, NS, 'demo-redis'));
  }, 60_000);

  test('deleting the platform removes every child but its volumes', async () => {
    await plane.client.delete(Resources.chatPlatform, { namespace: NS, name: 'demo' });
    await until('the platform is gone', async () => (await chat()) === undefined);
    for (const resource of [
      Resources.deployment,
      Resources.statefulSet,
      Resources.service,
      Resources.configMap,
      Resources.secret,
      Resources.pod,
    ]) {
      await until(
        `no ${resource.kind} is left`,
        async () => (await childrenOf(plane.client, resource, NS)).length === 0,
      );
    }
    const claims = (await plane.client.list(Resources.persistentVolumeClaim, { namespace: NS })).items;
    expect(claims.map((claim) => claim.metadata.name)).toContain('data-demo-kafka-0');
  }, 90_000);

  test('a namespace goes with the platforms in it', async () => {
    const name = 'short-lived';
    await plane.transport.call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
    await plane.client.create(demoPlatform({}, 'demo', name) as KubeObject);
    await until(
      'its gateways',
      async () => (await childrenOf(plane.client, Resources.pod, name)).length >= 4,
    );
    await plane.transport.call({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
    await until('the namespace is gone', async () => {
      const { items } = (await plane.transport.call({ method: 'GET', path: '/api/v1/namespaces' })) as {
        items: KubeObject[];
      };
      return !items.some((item) => item.metadata.name === name);
    });
  }, 90_000);
});
