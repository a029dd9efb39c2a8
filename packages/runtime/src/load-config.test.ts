import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig, maskSecrets } from './index.ts';

const schema = z.object({
  listen: z
    .object({ host: z.string().default('0.0.0.0'), port: z.int().min(0).max(65535) })
    .prefault({ port: 8080 }),
  auth: z.object({ jwksURL: z.string().optional(), adminToken: z.string().optional() }).prefault({}),
  rooms: z.array(z.string()).default([]),
});
const folder = mkdtempSync(join(tmpdir(), 'load-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text);
  return path;
}

test('flags win over the environment, which wins over the file, which wins over defaults', () => {
  const config = loadConfig({
    schema,
    file: file('listen: { port: 1, host: a }\nrooms: [x]'),
    env: { CHAT_LISTEN__PORT: '2', CHAT_LISTEN__HOST: '7', OTHER_LISTEN__PORT: '9' },
    envPrefix: 'CHAT',
    flags: { 'listen.port': '3', 'listen.host': undefined },
  });
  expect(config.listen).toEqual({ host: '7', port: 3 });
  expect(config.rooms).toEqual(['x']);
  expect(Object.isFrozen(config.listen)).toBe(true);
});

test('environment names find fields in any spelling, and lists and numbers are read', () => {
  const config = loadConfig({
    schema,
    env: { CHAT_AUTH__JWKS_URL: 'http://keys', CHAT_ROOMS: '[a, b]', CHAT_GATEWAY_PORT: 'tcp://10.0.0.1:80' },
    envPrefix: 'CHAT',
  });
  expect(config.auth.jwksURL).toBe('http://keys');
  expect(config.rooms).toEqual(['a', 'b']);
  expect(config.listen.port).toBe(8080);
});

test('an error names the field, its value, its origin and the remedy, and shows no secret', () => {
  const load = () =>
    loadConfig({
      schema,
      file: file('auth: { adminToken: { a: 1 } }'),
      env: { CHAT_LISTEN__PORT: 'abc' },
      envPrefix: 'CHAT',
    });
  expect(load).toThrow(
    /listen\.port: .*expected.*number.*it is "abc"\. To repair: correct CHAT_LISTEN__PORT/,
  );
  expect(load).toThrow(/auth\.adminToken: .*set it in .*config\.yaml/);
});

test('a file that is missing or no mapping says which file and what it must be', () => {
  expect(() => loadConfig({ schema, file: join(folder, 'none'), env: {}, envPrefix: 'X' })).toThrow(
    /none cannot be read.*Give the path/,
  );
  expect(() => loadConfig({ schema, file: file('- 1'), env: {}, envPrefix: 'X' })).toThrow(
    /holds \[1\]; it must hold a mapping/,
  );
});

test('printing masks secret fields and the user part of URLs, and keeps paths of files', () => {
  expect(
    maskSecrets({
      a: [{ password: 'x', tokenFile: '/t' }],
      url: 'redis://u:p@host:1/0',
      adminToken: 'y',
      token: '',
    }),
  ).toEqual({
    a: [{ password: '***', tokenFile: '/t' }],
    url: 'redis://***@host:1/0',
    adminToken: '***',
    token: '***',
  });
});
