// The promise of the local cluster: a real API server, and nothing of it left on the machine afterwards.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const tools = import.meta.dirname;
// Test files run side by side and so may test runs: every run has a cluster of its own.
const instance = `test-${process.pid}`;
const root = process.platform === 'linux' && process.getuid?.() === 0;

async function cluster(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(join(tools, command), ['--instance', instance, ...args]);
  return stdout.trim();
}

/** Processes of the machine that live in the process namespace `namespace`. */
async function processesIn(namespace: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const own = await readlink(`/proc/${pid}/ns/pid`).catch(() => 'ended meanwhile');
    if (own === namespace) found.push(pid);
  }
  return found;
}

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'probes.cluster.test' },
  spec: {
    group: 'cluster.test',
    names: { kind: 'Probe', plural: 'probes', singular: 'probe' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer' } },
                'x-kubernetes-validations': [{ rule: 'self.size < 3', message: 'too large for a probe' }],
              },
            },
          },
        },
      },
    ],
  },
};

async function apply(manifest: object): Promise<string> {
  const child = run(join(tools, 'kubectl'), ['--instance', instance, 'apply', '-f', '-']);
  child.child.stdin?.end(JSON.stringify(manifest));
  return (await child).stdout;
}

const probe = (name: string, size: number) => ({
  apiVersion: 'cluster.test/v1',
  kind: 'Probe',
  metadata: { name, namespace: 'default' },
  spec: { size },
});

interface Traces {
  readonly folder: string;
  readonly slot: string;
  readonly keeper: number;
  readonly processNamespace: string;
}

/** What a running instance is recognised by afterwards. */
async function tracesOf(folder: string): Promise<Traces> {
  const read = async (file: string) => (await readFile(join(folder, file), 'utf8')).trim();
  const [init] = (await read('init')).split(' ');
  return {
    folder,
    slot: await read('slot'),
    keeper: Number(await read('keeper')),
    processNamespace: await readlink(`/proc/${init}/ns/pid`),
  };
}

/** Everything of the instance that is on the machine, as text. */
async function foundOf(traces: Traces): Promise<string[]> {
  const processes = await processesIn(traces.processNamespace);
  const links = await readdir('/sys/class/net');
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const hierarchies = ['', ...(await readdir('/sys/fs/cgroup'))];
  const groups = hierarchies.map((name) => join('/sys/fs/cgroup', name, `chatcluster${traces.slot}`));
  return [
    ...processes.map((pid) => `process ${pid}`),
    ...links.filter((link) => link === `chatcluster${traces.slot}`),
    ...mounts.filter((mount) => mount.includes(traces.folder)),
    ...groups.filter((group) => existsSync(group)),
  ];
}

const folderOfInstance = async () => dirname(await cluster('kubeconfig'));

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('it did not happen within 20 s');
    await setTimeout(50);
  }
}

/** Kubernetes is made from its Go module where the cache does not have it: ten minutes of two cores with nothing else to do. */
const MAKING_MS = 1_800_000;

function withRoot(): void {
  // The tests time what a cluster does, not what a fresh machine has to make for it first.
  beforeAll(() => cluster('build'), MAKING_MS);
  afterEach(() => cluster('down'), 30_000);

  test('serves, checks CEL rules, and leaves nothing behind', async () => {
    await cluster('up', '--nodes', '0', '--owner', String(process.pid));
    const traces = await tracesOf(await folderOfInstance());
    expect(await foundOf(traces)).toContain(`chatcluster${traces.slot}`);

    await apply(definition);
    await cluster(
      'kubectl',
      'wait',
      '--for=condition=Established',
      'crd/probes.cluster.test',
      '--timeout=60s',
    );
    expect(await apply(probe('small', 1))).toContain('created');
    await expect(apply(probe('large', 3))).rejects.toThrow('too large for a probe');

    await cluster('down');
    expect(await foundOf(traces)).toEqual([]);
    expect(existsSync(traces.folder)).toBe(false);
  }, 120_000);

  test('a killed keeper takes everything with it, and the next up starts afresh', async () => {
    await cluster('up', '--nodes', '0');
    const traces = await tracesOf(await folderOfInstance());
    process.kill(traces.keeper, 'SIGKILL');
    await eventually(async () => (await processesIn(traces.processNamespace)).length === 0);

    await cluster('up', '--nodes', '0');
    expect(await cluster('kubectl', 'get', 'namespace', 'default', '--output', 'name')).toBe(
      'namespace/default',
    );
    await cluster('down');
    expect(await foundOf(traces)).toEqual([]);
  }, 120_000);

  test('ends when its owner ends', async () => {
    const owner = spawn('sleep', ['600']);
    await cluster('up', '--nodes', '0', '--owner', String(owner.pid));
    const traces = await tracesOf(await folderOfInstance());
    owner.kill('SIGKILL');
    await eventually(async () => (await foundOf(traces)).length === 0);
  }, 120_000);
}

const labels = { app: 'probe' };

/** A pod of the image every node has, in a namespace that admits only restricted pods, with a volume. */
const workload = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'probe', namespace: 'strict' },
      spec: {
        serviceName: 'probe',
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'pause',
                image: 'localhost/chatplatform/pause:cluster',
                imagePullPolicy: 'Never',
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
                volumeMounts: [{ name: 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
  ],
};

const inStrict = (...args: string[]) => cluster('kubectl', 'get', '--namespace', 'strict', ...args);

function withNode(): void {
  afterAll(() => cluster('down'), 30_000);

  test('runs restricted pods with volumes, which can be killed and are used again', async () => {
    await cluster('up', '--nodes', '1', '--owner', String(process.pid));
    await apply(workload);
    await cluster(
      'kubectl',
      'rollout',
      'status',
      'statefulset/probe',
      '--namespace',
      'strict',
      '--timeout=60s',
    );
    const volume = await inStrict(
      'persistentvolumeclaim',
      'data-probe-0',
      '--output',
      'jsonpath={.spec.volumeName}',
    );
    const file = join(await folderOfInstance(), 'volumes', volume, 'left-by-the-last-claim');
    await writeFile(file, 'x');

    process.kill(Number(await cluster('pid', '--namespace', 'strict', 'probe-0')), 'SIGKILL');
    const restarts = 'jsonpath={.status.containerStatuses[0].restartCount}';
    await eventually(async () => (await inStrict('pod', 'probe-0', '--output', restarts)) === '1');

    const all = ['statefulset/probe', 'persistentvolumeclaim/data-probe-0'];
    await cluster('kubectl', 'delete', ...all, '--namespace', 'strict', '--timeout=60s');
    const phase = [
      'get',
      'persistentvolume',
      volume,
      '--ignore-not-found',
      '--output',
      'jsonpath={.status.phase}',
    ];
    await eventually(async () => (await cluster('kubectl', ...phase)) === 'Available');
    expect(existsSync(file)).toBe(false);
  }, 240_000);
}

function withoutRoot(): void {
  test('says what it needs', async () => {
    await expect(cluster('up')).rejects.toThrow('needs Linux and root');
  });
}

describe('local cluster', root ? withRoot : withoutRoot);
if (root) describe('local cluster with a node', withNode);
