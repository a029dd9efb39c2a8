import { type Kafka, memoryKafka } from '@chatplatform/kafka';
import { systemRandom } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { type KubeClient, type KubeObject, Resources, type ResourceType } from '../kube/index.ts';
import type { KubeRequest, Transport } from '../kube/transport.ts';
import { type Operator, startOperator } from '../operator.ts';
import type { DrainOrder, GatewayAdmin } from '../platform/gateway/admin.ts';
import type { PodProbe } from '../platform/gateway/pod-view.ts';
import type { ControlPlane } from './control-plane.ts';

/** Images of platforms under test; nothing ever pulls them. */
export const TEST_IMAGES = { chat: 'chat:1', kafka: 'kafka:1', redis: 'redis:1' };

/** Gateway pods as their admin ports would show them. */
export class FakeGateways implements GatewayAdmin {
  readonly state = new Map<string, PodProbe>();
  readonly drains: string[] = [];

  probe(address: string): Promise<PodProbe | undefined> {
    return Promise.resolve(this.state.get(address));
  }

  drain(address: string, _order: DrainOrder): Promise<void> {
    this.drains.push(address);
    this.state.set(address, { state: 'drained', connections: 0 });
    return Promise.resolve();
  }

  restore(address: string): Promise<void> {
    this.state.set(address, { state: 'serving', connections: 0 });
    return Promise.resolve();
  }
}

/** An operator under test on a real API server, with stores that always answer. */
export interface OperatorBench {
  readonly operator: Operator;
  readonly gateways: FakeGateways;
  readonly kafka: Kafka;
  /** Writes since the last call, without Lease renewals and events. */
  takeWrites(): string[];
}

/** Starts one; `identity` tells several apart. */
export async function startBench(
  plane: ControlPlane,
  kubeTransport: Transport,
  identity: string,
): Promise<OperatorBench> {
  const gateways = new FakeGateways();
  const kafka = memoryKafka();
  const { transport, takeWrites } = counting(kubeTransport);
  const operator = await startOperator(
    {
      images: TEST_IMAGES,
      leaderElection: { namespace: 'default' },
      identity: `${identity}-${systemRandom.id(6)}`,
      admin: { host: '127.0.0.1', port: 0 },
      kubeconfig: plane.kubeconfig,
    },
    {
      transport,
      logger: silentLogger,
      connectKafka: () => kafka,
      pingRedis: () => Promise.resolve(),
      gatewayAdmin: gateways,
      leaderTiming: { lease: 3000, renewDeadline: 2000, retry: 300 },
      onLost: () => undefined,
    },
  );
  return { operator, gateways, kafka, takeWrites };
}

/** A transport that remembers what was written through it. */
export function counting(inner: Transport): { transport: Transport; takeWrites(): string[] } {
  let writes: string[] = [];
  const note = ({ method, path }: KubeRequest): void => {
    if (method !== 'GET' && !path.includes('/leases') && !path.endsWith('/events'))
      writes.push(`${method} ${path}`);
  };
  return {
    transport: {
      ...inner,
      call: (request) => {
        note(request);
        return inner.call(request);
      },
    },
    takeWrites: () => writes.splice(0),
  };
}

// Controllers of a busy machine need some seconds for a Deployment's pods.
const PATIENCE_MS = 60_000;
const EVERY_MS = 100;

/** Waits until `check` returns something; fails with what was seen last. */
export async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** Plays the kubelet for pods that have no node: every pod becomes Running and Ready, deleted ones go. */
export class FakeKubelet {
  readonly #plane: ControlPlane;
  readonly #gateways: FakeGateways;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #count = 0;

  constructor(plane: ControlPlane, gateways: FakeGateways) {
    this.#plane = plane;
    this.#gateways = gateways;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { items } = await this.#plane.client.list(Resources.pod, {
        labelSelector: 'chatplatform.dev/platform',
      });
      for (const pod of items) await this.#live(pod).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #live(pod: KubeObject): Promise<void> {
    const { name, namespace = '', deletionTimestamp } = pod.metadata;
    const status = pod['status'] as { phase?: string };
    if (deletionTimestamp !== undefined) {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      await this.#plane.transport.call({ method: 'DELETE', path, body: { gracePeriodSeconds: 0 } });
    } else if (status.phase !== 'Running') {
      this.#count += 1;
      const podIP = `10.99.${Math.floor(this.#count / 250)}.${(this.#count % 250) + 1}`;
      this.#gateways.state.set(podIP, { state: 'serving', connections: 0 });
      await this.#plane.setStatus(pod, running(podIP));
    }
  }
}

function running(podIP: string): object {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime,
    })),
    containerStatuses: [
      {
        name: 'main',
        ready: true,
        restartCount: 0,
        image: '-',
        imageID: '-',
        state: { running: { startedAt: lastTransitionTime } },
      },
    ],
  };
}

/** Names of the objects of a kind in a namespace that belong to platforms. */
export async function childrenOf(
  client: KubeClient,
  resource: ResourceType,
  namespace: string,
): Promise<string[]> {
  const { items } = await client.list(resource, { namespace, labelSelector: 'chatplatform.dev/platform' });
  return items.map((item) => item.metadata.name).sort();
}
