import { jest } from '@jest/globals';
import { formatVerdict, runTraffic, type Disturbance } from '@chatplatform/testkit';
import { loadImageAlias } from './harness/image-alias.ts';
import type { Kubectl } from './harness/kubectl.ts';
import { killOne, removeOne, testPlace, testPlatform, until, type TestPlatform } from './index.ts';

/** Bringing up from an empty cache; then the traffic itself. */
jest.setTimeout(40 * 60_000);

const full = process.env['CHATPLATFORM_E2E'] === 'full';
/** The whole run is that of the promise; the small one fits into every test run. */
const size = full ? { clients: 50, rooms: 10, messages: 20_000 } : { clients: 20, rooms: 5, messages: 2400 };
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
  say(`on ${platform.place}, ${platform.url}, seed ${seed} (SEED=${seed} repeats the traffic)`);
});

function say(text: string): void {
  process.stderr.write(`  e2e: ${text}\n`);
}

function disturbance(at: number, name: string, act: () => Promise<string>): Disturbance {
  return {
    name,
    at,
    run: async () => {
      const began = performance.now();
      const victim = await act();
      say(`${name}: ${victim}, replaced after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    },
  };
}

/** Runs the traffic and holds it to the promise: no acknowledged message lost, doubled or reordered. */
async function runAndJudge(disturbances: readonly Disturbance[], messages = size.messages): Promise<void> {
  const { url, token } = platform;
  const result = await runTraffic({
    ...size,
    messages,
    url,
    token,
    seed,
    disturbances,
    onProgress: ({ sent, settled, received }) => say(`sent ${sent}, acked ${settled}, received ${received}`),
  });
  const { ack, delivery, reconnects, seconds, unsettled, verdict } = result;
  say(formatVerdict(verdict, seed));
  say(
    `${seconds.toFixed(0)} s, ${reconnects} reconnects; ack p50 ${ack.p50.toFixed(0)} p99 ${ack.p99.toFixed(0)} ms;` +
      ` delivery p50 ${delivery.p50.toFixed(0)} p99 ${delivery.p99.toFixed(0)} max ${delivery.max.toFixed(0)} ms`,
  );
  expect(verdict.violations).toEqual([]);
  expect(unsettled).toBe(0);
  expect(verdict.counts).toMatchObject({ sent: messages, acked: messages, failed: 0, continuityLost: 0 });
}

test('no acknowledged message is lost, doubled or reordered while gateways and workers stop and die', async () => {
  await runAndJudge([
    disturbance(0.1, 'gateway stopped', () => removeOne(platform.gateways)),
    disturbance(0.3, 'worker killed -9', () => killOne(platform.workers)),
    disturbance(0.5, 'gateway killed -9', () => killOne(platform.gateways)),
    disturbance(0.7, 'worker stopped', () => removeOne(platform.workers)),
  ]);
});

// Only the operator scales and rolls; as processes there is none. A test that cannot run is not declared, so that it is
// never counted as passed.
const changes = 'changes of the platform while messages flow';
if (testPlace() === 'cluster') describe(changes, declareChanges);
else say(`not run as ${testPlace()}: ${changes} (scaling and rollout need the operator)`);

function declareChanges(): void {
  const onCluster = (name: string, body: (kubectl: Kubectl) => Promise<void>): void => {
    test(name, async () => {
      if (platform.kubectl === undefined) throw new Error('the platform on the cluster has no kubectl');
      await body(platform.kubectl);
    });
  };

  onCluster('a third gateway is added', async (kubectl) => {
    await runAndJudge([disturbance(0.2, 'scaled to 3', () => scaleTo(kubectl, 3))], size.messages / 2);
    const pods = (await platform.gateways.list()).filter((unit) => unit.ready);
    expect(pods).toHaveLength(3);
  });

  onCluster('a new image rolls the gateways, and one is taken away again', async (kubectl) => {
    const before = (await platform.gateways.list()).map((unit) => unit.name);
    const image = await loadImageAlias(kubectl.instance, `rolled-${seed}`);
    await runAndJudge([
      disturbance(0.1, 'new image', () => rollTo(kubectl, image, before)),
      disturbance(0.6, 'scaled to 2', () => scaleTo(kubectl, 2)),
    ]);
  });
}

async function scaleTo(kubectl: Kubectl, replicas: number): Promise<string> {
  await kubectl.run('scale', 'chatplatform', 'demo', `--replicas=${replicas}`);
  await until(`${replicas} gateways`, 240_000, async () => {
    const units = await platform.gateways.list();
    return units.length === replicas && units.every((unit) => unit.ready);
  });
  return `${replicas} gateways`;
}

/** Done when every pod that was there is gone and as many new ones serve. */
async function rollTo(kubectl: Kubectl, image: string, before: readonly string[]): Promise<string> {
  await kubectl.run(
    'patch',
    'chatplatform',
    'demo',
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { image } }),
  );
  await until('the rollout', 480_000, async () => {
    const units = await platform.gateways.list();
    return units.every((unit) => unit.ready && !before.includes(unit.name)) && units.length >= 2;
  });
  return image;
}
