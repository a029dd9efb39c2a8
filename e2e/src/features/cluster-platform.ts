import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatVerdict, runTraffic, type Disturbance, type TrafficResult } from '@chatplatform/testkit';
import type { Kubectl } from '../harness/kubectl.ts';
import { testPlatform, until, type TestPlatform } from '../index.ts';

/** Where tools/up puts the demo platform. */
export const PLATFORM = { namespace: 'chat', name: 'demo' };

/** A rollout of gateways and workers, on a machine that does other things too. */
const SETTLED_MS = 480_000;
/** Any address will do: nothing is sent, only the way to it is looked up. */
const ANY_PORT = 9;

interface Resource {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What traffic a test wants beside its disturbances. */
interface Load {
  readonly clients: number;
  readonly rooms: number;
  readonly messages: number;
  readonly rate?: number;
  readonly settleMs?: number;
  readonly token?: (user: string) => Promise<string>;
  /** Names the rooms: the same seed talks in the same rooms again. */
  readonly seed?: number;
  /** With rules the log is no proof of what members saw: once Redis was lost, a new room begins with a loss of continuity. */
  readonly moderated?: boolean;
}

const LOAD: Load = { clients: 10, rooms: 4, messages: 1000 };

/** The platform on the cluster, and what somebody who runs it would do to it. */
export class ClusterPlatform {
  readonly platform: TestPlatform;
  readonly kubectl: Kubectl;

  private constructor(platform: TestPlatform, kubectl: Kubectl) {
    this.platform = platform;
    this.kubectl = kubectl;
  }

  /** @throws where there is no cluster: these features are the operator's and cannot be shown without it */
  static async open(): Promise<ClusterPlatform> {
    const platform = await testPlatform();
    if (platform.kubectl === undefined)
      throw new Error(`features run on the cluster only, not as ${platform.place}: run as root on Linux`);
    return new ClusterPlatform(platform, platform.kubectl);
  }

  /** Changes the spec as `kubectl patch` does. @throws what the API server says against it */
  async patch(spec: object): Promise<void> {
    await this.kubectl.run('patch', 'chatplatform', 'demo', '--type=merge', '-p', JSON.stringify({ spec }));
  }

  /** Changes the spec and waits until all pods are as it says. */
  async change(spec: object): Promise<void> {
    await this.patch(spec);
    const began = performance.now();
    await until('the change to be rolled out', SETTLED_MS, () => this.#isSettled());
    say(`${JSON.stringify(spec)} is rolled out after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }

  /** A condition of the platform, once it speaks of the present spec. */
  async condition(type: string): Promise<Condition | undefined> {
    const { metadata, status } = await this.#resource();
    if (status?.observedGeneration !== metadata.generation) return undefined;
    return status.conditions?.find((condition) => condition.type === type);
  }

  /** Traffic under `disturbances`, held to the promise. */
  async judge(disturbances: readonly Disturbance[], load: Partial<Load> = {}): Promise<TrafficResult> {
    const seed = load.seed ?? anySeed();
    const { url, token } = this.platform;
    const result = await runTraffic({ url, token, ...LOAD, ...load, seed, disturbances });
    const { ack, delivery, reconnects, seconds } = result;
    say(
      `${formatVerdict(result.verdict, seed)}\n  ${seconds.toFixed(0)} s, ${reconnects} reconnects; ack p99 ` +
        `${ack.p99.toFixed(0)} max ${ack.max.toFixed(0)} ms, delivery p99 ${delivery.p99.toFixed(0)} max ${delivery.max.toFixed(0)} ms`,
    );
    const messages = load.messages ?? LOAD.messages;
    expect(result.verdict.violations).toEqual([]);
    expect(result.unsettled).toBe(0);
    const { continuityLost, ...counts } = result.verdict.counts;
    expect(counts).toMatchObject({ sent: messages, acked: messages, failed: 0 });
    if (load.moderated !== true) expect(continuityLost).toBe(0);
    return result;
  }

  /** Addresses of the pods of a component, by name. */
  async addresses(component: string): Promise<Map<string, string>> {
    const { items } = await this.kubectl.json<{
      items: { metadata: { name: string; deletionTimestamp?: string }; status: { podIP?: string } }[];
    }>('get', 'pods', '-l', `chatplatform.dev/component=${component}`);
    return new Map(
      items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .map(({ metadata, status }) => [metadata.name, status.podIP ?? '']),
    );
  }

  /** Address of this machine as pods reach it. */
  async hostAddress(): Promise<string> {
    const [pod] = (await this.addresses('gateway')).values();
    const socket = createSocket('udp4');
    socket.connect(ANY_PORT, pod);
    await once(socket, 'connect');
    const { address } = socket.address();
    socket.close();
    return address;
  }

  /** chatctl inside a worker, as somebody who runs the platform uses it. */
  chatctl(...args: string[]): Promise<string> {
    const config = ['--config', '/etc/chatplatform/config/config.json'];
    return this.kubectl.run(
      ...['exec', 'deploy/demo-worker', '--', 'node', '/app/main.js', 'chatctl', ...args, ...config],
    );
  }

  #resource(): Promise<Resource> {
    return this.kubectl.json<Resource>('get', 'chatplatform', 'demo');
  }

  async #isSettled(): Promise<boolean> {
    const { metadata, status } = await this.#resource();
    if (status?.observedGeneration !== metadata.generation) return false;
    return ['RolloutComplete', 'Ready'].every((type) =>
      status.conditions?.some((condition) => condition.type === type && condition.status === 'True'),
    );
  }
}

/** Another one each time, unless the environment repeats a run. */
export function anySeed(): number {
  return Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
}

/** A line for whoever reads the run. */
export function say(text: string): void {
  process.stderr.write(`  features: ${text}\n`);
}
