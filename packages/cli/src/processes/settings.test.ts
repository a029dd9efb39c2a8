import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSigningKeys } from '@chatplatform/kafka';
import { GatewayConfig, WorkerConfig } from '@chatplatform/platform';
import { Instance } from '../instance/instance.ts';
import { identify, isAlive } from '../instance/process-identity.ts';
import { ensureKeys, readPlatform, SettingsWriter } from './settings.ts';
import { isSource } from './watch.ts';

const cache = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(cache, { recursive: true }));

const yaml = `
apiVersion: v1
kind: Namespace
metadata: { name: chat }
---
apiVersion: chatplatform.dev/v1alpha1
kind: ChatPlatform
metadata: { name: demo, namespace: chat }
spec:
  profile: Dev
  auth: { issuer: demo, audience: chat, algorithms: [HS256], keySecretRef: { name: demo-dev-key } }
  kafka: { mode: EmbeddedDev, messages: { partitions: 12 } }
  redis: { mode: SingleDev }
`;
const stores = {
  kafka: { bootstrapServers: ['127.0.0.1:9092'] },
  redis: { endpoints: ['127.0.0.1:6379'], cluster: false },
};

function file(text: string): string {
  const path = join(cache, 'platform.yaml');
  writeFileSync(path, text);
  return path;
}

test('programs get what their schemas accept: gateways share a port and the keys', () => {
  const instance = new Instance(cache, 'one');
  instance.create();
  const writer = new SettingsWriter(instance, sourceOf(yaml), stores);
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const gateway = GatewayConfig.parse(read(writer.gateway('gateway-1', { public: 1234, admin: 5678 })));
  expect(gateway.listen).toEqual({ host: '127.0.0.1', port: 1234, reusePort: true });
  expect(gateway.admin.port).toBe(5678);
  expect(gateway.platform).toEqual({ namespace: 'chat', name: 'demo' });
  expect(gateway.drain.startDelaySeconds).toBe(0);
  expect(readFileSync(gateway.auth.key?.file as string, 'utf8')).toHaveLength(64);
  expect(WorkerConfig.parse(read(writer.worker('worker-1', 99)))).toMatchObject({
    admin: { port: 99 },
    instance: 'worker-1',
  });
});

function sourceOf(text: string) {
  const path = file(text);
  return { platform: readPlatform(path), file: path };
}

test('secrets of webhooks and signing keys are made, and rules lie beside the platform', () => {
  const instance = new Instance(cache, 'services');
  instance.create();
  const services = `${yaml}  workers: { rules: { configMapRef: { name: demo-rules }, modules: [words.mjs] } }
  security: { messageSigning: Enabled }
  notifications: { webhooks: [{ name: push, url: 'http://127.0.0.1:1', secretRef: { name: s } }] }
`;
  const writer = new SettingsWriter(instance, sourceOf(services), stores);
  const config = WorkerConfig.parse(JSON.parse(readFileSync(writer.worker('worker-1', 99), 'utf8')));
  expect(config.rules).toEqual([join(cache, 'demo-rules', 'words.mjs')]);
  const [webhook] = config.notifications.webhooks;
  expect(readFileSync(webhook?.secretFile as string, 'utf8')).toHaveLength(64);
  expect(readSigningKeys(config.signing?.keysFile as string).active).toBe('k1');
});

test('keys are made once and only the user may read them', () => {
  const instance = new Instance(cache, 'keys');
  instance.create();
  const first = readFileSync(ensureKeys(instance).auth, 'utf8');
  const again = ensureKeys(instance).auth;
  expect(readFileSync(again, 'utf8')).toBe(first);
  expect(statSync(again).mode & 0o077).toBe(0);
});

test('a file without exactly one valid platform is refused with the reason', () => {
  expect(() => readPlatform(join(cache, 'none.yaml'))).toThrow(/none\.yaml cannot be read/);
  expect(() => readPlatform(file('kind: Pod'))).toThrow(/holds 0 ChatPlatform resources/);
  expect(() => readPlatform(file(yaml.replace('profile: Dev', 'profile: Huge')))).toThrow(/profile/);
});

test('a process is told apart from a later one with its number', () => {
  const self = identify();
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, started: self.started - 1 })).toBe(false);
  // Process numbers end at 2^22 on Linux.
  expect(isAlive({ pid: 2 ** 22 + 1, started: 0 })).toBe(false);
});

test.each([
  ['src/server/server.ts', true],
  ['src/history/append.lua', true],
  ['src/server/server.test.ts', false],
  ['dist/index.js', false],
  ['node_modules/x/index.ts', false],
  ['tsconfig.tsbuildinfo', false],
  ['.config.ts.swp', false],
])('%s counts as source: %s', (path, expected) => {
  expect(isSource(path)).toBe(expected);
});
