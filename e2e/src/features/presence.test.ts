import { jest } from '@jest/globals';
import { connect, type ChatClient } from '@chatplatform/client';
import { systemRandom } from '@chatplatform/runtime';
import { until } from '../index.ts';
import { ClusterPlatform } from './cluster-platform.ts';
import { PlatformLog } from './platform-log.ts';

/** Bringing up; a gateway's lease and a worker's leadership end. */
jest.setTimeout(15 * 60_000);

const USERS = 20;
/** A dead gateway's clients are gone when its lease is, and have half a minute to come back. */
const TOLD_MS = 180_000;
const run = systemRandom.id(6);
const users = Array.from({ length: USERS }, (_, index) => `person-${run}-${index}`);

let cluster: ClusterPlatform;
let log: PlatformLog;
let begin: readonly number[];
beforeAll(async () => {
  cluster = await ClusterPlatform.open();
  log = await PlatformLog.open(cluster);
  begin = await log.end(log.topics.events);
});
afterAll(() => log?.close());

/** How often each of the people of this run was told of. */
async function told(type: string): Promise<number[]> {
  const records = await log.since(log.topics.events, begin);
  const events = records.map(
    ({ value }) => JSON.parse(value?.toString('utf8') ?? '{}') as { type?: string; user?: string },
  );
  return users.map((user) => events.filter((event) => event.type === type && event.user === user).length);
}

const once = users.map(() => 1);
const toldOnce = (type: string): Promise<void> =>
  until(`each to be told of as ${type}`, TOLD_MS, async () => (await told(type)).every((count) => count > 0));

test('each is told of as online once and as offline once, though the worker that tells it and a gateway die', async () => {
  const { url, token, gateways, workers } = cluster.platform;
  const clients: ChatClient[] = users.map((user) => connect({ url, token: () => token(user) }));
  await Promise.all(clients.map((client) => client.join('lobby', { limit: 0 }).ready));
  for (const worker of await workers.list()) await workers.kill9(worker);
  await toldOnce('user.online');
  const [gateway] = await gateways.list();
  if (gateway !== undefined) await gateways.kill9(gateway);
  await until('everybody to be back', TOLD_MS, () =>
    Promise.resolve(clients.every(({ state }) => state === 'connected')),
  );
  for (const client of clients) client.close();
  await toldOnce('user.offline');
  expect(await told('user.online')).toEqual(once);
  expect(await told('user.offline')).toEqual(once);
});
