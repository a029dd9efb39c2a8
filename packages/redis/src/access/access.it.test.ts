import { jest } from '@jest/globals';
import { startRedis, type RedisStore } from '@chatplatform/testkit';
import { Redis } from 'ioredis';
import { openRedis } from '../open-redis.ts';
import { aclLine, redisAccess, type RedisComponent } from './access.ts';

jest.setTimeout(60_000);

const PREFIX = 'chat.demo:';
const COMPONENTS = ['gateway', 'worker', 'operator'] as const;
const QUIET = { info: () => {}, warn: () => {} };

let store: RedisStore;
const clients = new Map<RedisComponent, Redis>();

beforeAll(async () => {
  const users = COMPONENTS.map((component) =>
    aclLine(component, `pw-${component}`, redisAccess(component, PREFIX)),
  );
  store = await startRedis({ tls: true, users });
  for (const component of COMPONENTS) {
    const { host, port, ca = '' } = store;
    const login = { username: component, password: `pw-${component}` };
    clients.set(component, new Redis({ host, port, tls: { ca }, protocol: 2, ...login }));
  }
});
afterAll(async () => {
  for (const client of clients.values()) client.disconnect();
  await store.stop();
});

const ENTRY = ['1-1', 'f', 'x'];

test.each<[RedisComponent, string, string[]]>([
  ['gateway', 'xadd', [`${PREFIX}abc123:h:{r}`, ...ENTRY]],
  ['gateway', 'del', [`${PREFIX}abc123:hd:{r}`]],
  ['gateway', 'set', [`${PREFIX}canary:{0}`, 'forged']],
  ['gateway', 'hset', ['chat.other:rt:{r}', 'gw', '1']],
  ['gateway', 'spublish', ['chat.other:in:{gw}', 'x']],
  ['gateway', 'flushall', []],
  ['gateway', 'keys', ['*']],
  ['gateway', 'config', ['get', 'requirepass']],
  ['gateway', 'set', [`${PREFIX}lock:{presence}`, 'me']],
  ['worker', 'hset', [`${PREFIX}budget`, 'tokens', '1000000']],
  ['worker', 'zadd', [`${PREFIX}revoked`, '0', 'u:ann']],
  ['worker', 'ssubscribe', [`${PREFIX}in:{gw}`]],
  ['worker', 'flushdb', []],
  ['worker', 'acl', ['list']],
  ['operator', 'get', [`${PREFIX}abc123:hd:{r}`]],
  ['operator', 'del', [`${PREFIX}abc123:hd:{r}`]],
  ['operator', 'dump', [`${PREFIX}abc123:hd:{r}`]],
  ['operator', 'restore', ['chat.other:rt:{r}', '0', 'x']],
  ['operator', 'spublish', [`${PREFIX}in:{gw}`, 'x']],
  ['operator', 'acl', ['setuser', 'operator', 'allkeys']],
])('the %s may not %s %j', async (component, command, words) => {
  const client = clients.get(component) as Redis;
  await expect(client.call(command, ...words)).rejects.toThrow(/NOPERM/);
});

test('the operator sees how the server is', async () => {
  const client = clients.get('operator') as Redis;
  expect(await client.call('acl', 'whoami')).toBe('operator');
  expect(await client.info('replication')).toContain('role:master');
});

test('the operator moves keys from one server to another, as resharding does, without seeing them', async () => {
  const users = COMPONENTS.map((name) => aclLine(name, `pw-${name}`, redisAccess(name, PREFIX)));
  const [from, to] = [await startRedis({ users }), await startRedis({ users })];
  const login = (name: RedisComponent, { host, port }: RedisStore) =>
    new Redis({ host, port, protocol: 2, username: name, password: `pw-${name}` });
  const [worker, operator, there] = [login('worker', from), login('operator', from), login('worker', to)];
  const key = `${PREFIX}abc123:hd:{r}`;
  await worker.set(key, 'head');
  const target = [to.host, String(to.port), '', '0', '5000', 'AUTH2', 'operator', 'pw-operator'];
  expect(await operator.call('migrate', ...target, 'KEYS', key)).toBe('OK');
  expect([await worker.get(key), await there.get(key)]).toEqual([null, 'head']);
  // What nodes of a cluster use instead; here it only has to be allowed.
  await expect(operator.call('restore-asking', key, '0', 'x')).rejects.toThrow(/DUMP payload/);
  for (const client of [worker, operator, there]) client.disconnect();
  await Promise.all([from.stop(), to.stop()]);
});

test.each([
  ['a wrong password', { password: 'wrong' }, /WRONGPASS/],
  ['nobody in particular', { username: undefined, password: undefined }, /NOAUTH/],
  ['an authority that did not sign', { tls: true }, /self.signed certificate/],
])('%s is said as such', async (_what, change, message) => {
  const config = {
    url: store.url,
    cluster: false,
    tls: { ca: store.ca },
    username: 'gateway',
    password: 'pw-gateway',
    ...change,
  };
  const redis = openRedis({ config, prefix: PREFIX, deps: { logger: QUIET } });
  await expect(redis.ready(1_500)).rejects.toThrow(message);
  await redis.close();
});
