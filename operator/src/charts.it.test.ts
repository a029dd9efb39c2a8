import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseChatPlatform } from '@chatplatform/platform';
import { parse, parseAllDocuments } from 'yaml';
import { OperatorConfig } from './config.ts';
import { type KubeObject, Resources } from './kube/index.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
// The first run on a machine may have to build helm.
const HELM_TIMEOUT_MS = 600_000;

let helm: string;
beforeAll(async () => {
  helm = (await run(`${root}tools/deps/helm`, [], { timeout: HELM_TIMEOUT_MS })).stdout.trim();
}, HELM_TIMEOUT_MS);

async function render(chart: string, ...args: string[]): Promise<KubeObject[]> {
  const flags = ['--kube-version', '1.34.0', '--namespace', 'system', ...args];
  const { stdout } = await run(helm, ['template', 'release', `${root}charts/${chart}`, ...flags], {
    maxBuffer: 1 << 24,
  });
  return parseAllDocuments(stdout).flatMap((document) =>
    document.contents === null ? [] : [document.toJS() as KubeObject],
  );
}

const kinds = (objects: readonly KubeObject[]): string[] => objects.map((object) => object.kind).sort();

describe('the chart of the operator', () => {
  test.each(['chatplatform-operator', 'chatplatform'])('%s passes the linter', async (chart) => {
    await run(helm, ['lint', '--strict', '--kube-version', '1.34.0', `${root}charts/${chart}`]);
  });

  test('renders a configuration that the operator accepts', async () => {
    const objects = await render(
      'chatplatform-operator',
      '-f',
      `${root}helm/values/local.yaml`,
      '--set',
      'watchNamespace=chat',
    );
    const config = objects.find((object) => object.kind === 'ConfigMap')?.['data'] as Record<string, string>;
    const parsed = OperatorConfig.parse({
      ...(parse(config['config.yaml'] ?? '') as object),
      identity: 'pod',
    });
    expect(parsed).toMatchObject({
      watchNamespace: 'chat',
      leaderElection: { namespace: 'system', name: 'release' },
    });
    expect(kinds(objects)).toContain('Role');
    expect(kinds(objects)).not.toContain('ClusterRole');
  });

  test('grants rights on exactly the kinds that the operator touches, and lets nothing list secrets', async () => {
    const objects = await render('chatplatform-operator');
    const rules = objects
      .filter((object) => object.kind === 'ClusterRole' || object.kind === 'Role')
      .flatMap((object) => object['rules'] as { resources: string[]; verbs: string[] }[]);
    const granted = new Set(
      rules.flatMap((rule) => rule.resources).map((resource) => resource.split('/')[0]),
    );
    const { persistentVolumeClaim: _testsOnly, ...touched } = Resources;
    expect([...granted].sort()).toEqual(
      Object.values(touched)
        .map((resource) => resource.plural)
        .sort(),
    );
    for (const rule of rules.filter((entry) => entry.resources.includes('secrets'))) {
      expect(rule.verbs).toEqual(['get', 'create']);
    }
    expect(rules.flatMap((rule) => rule.verbs)).not.toContain('*');
  });

  test('keeps the CRD when the release goes, and leaves it out when asked', async () => {
    const [crd] = (await render('chatplatform-operator')).filter(
      (object) => object.kind === 'CustomResourceDefinition',
    );
    expect(crd?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(kinds(await render('chatplatform-operator', '--set', 'crd.install=false'))).not.toContain(
      'CustomResourceDefinition',
    );
  });

  test('protects several replicas from being evicted at once, and one from nothing', async () => {
    expect(kinds(await render('chatplatform-operator'))).toContain('PodDisruptionBudget');
    expect(kinds(await render('chatplatform-operator', '--set', 'replicas=1'))).not.toContain(
      'PodDisruptionBudget',
    );
    expect(kinds(await render('chatplatform-operator', '--set', 'networkPolicy.enabled=true'))).toContain(
      'NetworkPolicy',
    );
  });

  test.each([
    ['a misspelt value', 'replica=3'],
    ['no replicas', 'replicas=0'],
    ['an empty image', 'images.chat='],
    ['a log level nobody knows', 'logLevel=loud'],
  ])('refuses %s', async (_, value) => {
    await expect(render('chatplatform-operator', '--set', value)).rejects.toThrow(
      /values don't meet the specifications/,
    );
  });
});

describe('the chart of a platform', () => {
  test('renders a ChatPlatform that passes validation, and its key when asked', async () => {
    const objects = await render('chatplatform', '--set', 'authKey.create=true');
    expect(kinds(objects)).toEqual(['ChatPlatform', 'Secret']);
    const platform = objects.find((object) => object.kind === 'ChatPlatform');
    expect(parseChatPlatform(platform).metadata.name).toBe('release');
  });
});
