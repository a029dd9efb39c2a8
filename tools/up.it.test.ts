import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';

// The kind path against stand-ins for docker, kind, kubectl and helm; everything else is real: the images are
// built, and the message that proves the platform goes through one that runs as processes.

jest.setTimeout(20 * 60_000);

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'chatplatform-kind-'));
const log = join(folder, 'log');
const name = `kind-${process.pid}`;
const behind = `${name}-behind`;
let env: NodeJS.ProcessEnv;

async function tool(path: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return execute(join(root, path), args, { env, cwd: root, maxBuffer: 16 * 1024 * 1024 });
}

function calls(program: string): string[] {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
  return lines.filter((line) => line.startsWith(`${program} `)).map((line) => line.slice(program.length + 1));
}

beforeAll(async () => {
  env = { ...process.env };
  await tool('tools/chatctl', 'up', '--detach', '--instance', behind, '--port', '0');
  const { stdout } = await tool('tools/chatctl', 'status', '--instance', behind, '--json');
  const { endpoint } = JSON.parse(stdout) as { endpoint: { page: string; keyFile: string } };
  env = {
    ...process.env,
    PATH: `${join(root, 'tools', 'up-stubs')}:${process.env['PATH'] ?? ''}`,
    STUB_LOG: log,
    STUB_KEY_FILE: endpoint.keyFile,
    KIND_PORT: new URL(endpoint.page).port,
    TARGET: '',
  };
});

afterAll(async () => {
  await tool('tools/chatctl', 'down', '--purge', '--instance', behind);
  rmSync(folder, { recursive: true });
});

test('with an engine and kind there, up makes a kind cluster and brings the platform up in it', async () => {
  const { stdout, stderr } = await tool('tools/up', '--instance', name);
  expect(stderr).toContain('comes up as: kind');
  expect(stdout.trim()).toBe(`http://127.0.0.1:${env['KIND_PORT']}`);
  expect(calls('kind')).toContain(`create cluster --name chatplatform-${name} --config -`);
  expect(readFileSync(`${log}.config`, 'utf8')).toContain(`hostPort: ${env['KIND_PORT']}`);
  const loaded = calls('kind').filter((call) => call.startsWith('load image-archive'));
  expect(loaded).toHaveLength(3);
  expect(calls('helm').join()).toMatch(
    /upgrade --install chatplatform-operator .*images\.chat=localhost\/chatplatform\/chat:/,
  );
  const applied = readFileSync(`${log}.applied`, 'utf8');
  expect(applied).toContain('pod-security.kubernetes.io/enforce: restricted');
  expect(applied).toMatch(/image: localhost\/chatplatform\/chat:[0-9a-f]+/);
  expect(calls('kubectl')).toContain('apply -f examples/demo.yaml');
  expect(calls('kubectl').join('\n')).toContain('"nodePort":30080');
});

test('a second up keeps the cluster, and refuses to become something else', async () => {
  rmSync(log);
  await tool('tools/up', '--instance', name);
  expect(calls('kind').filter((call) => call.startsWith('create'))).toEqual([]);
  await expect(tool('tools/up', '--instance', name, '--target', 'processes')).rejects.toMatchObject({
    stderr: expect.stringContaining('runs already, as kind'),
  });
});

test('down takes platforms, operator, CRD and cluster away in this order, and is repeatable', async () => {
  rmSync(log);
  await tool('tools/down', '--instance', name);
  const order = ['delete chatplatforms', 'uninstall chatplatform-operator', 'delete crd', 'delete cluster'];
  const text = readFileSync(log, 'utf8');
  const places = order.map((call) => text.indexOf(call));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThanOrEqual(0);
  const { stderr } = await tool('tools/down', '--instance', name);
  expect(stderr).toContain(`there is no platform "${name}"`);
});
