import { jest } from '@jest/globals';
import { connect } from '@chatplatform/client';
import { systemRandom } from '@chatplatform/runtime';
import { until } from '../index.ts';
import { ClusterPlatform } from './cluster-platform.ts';
import { startWebhookEndpoint, type Notice, type WebhookEndpoint } from './webhook-endpoint.ts';

/** Bringing up; a rollout of the workers. */
jest.setTimeout(20 * 60_000);

const SECRET = systemRandom.id(32);
/** An event, a look at who is online, and five retries. */
const TOLD_MS = 60_000;
/** Each run tells other people, so that it hears of its own messages only. */
const run = systemRandom.id(6);

let cluster: ClusterPlatform;
let endpoint: WebhookEndpoint;
beforeAll(async () => {
  cluster = await ClusterPlatform.open();
  endpoint = await startWebhookEndpoint(SECRET);
  await cluster.kubectl.run('delete', 'secret', 'features-push', '--ignore-not-found');
  await cluster.kubectl.run(
    'create',
    'secret',
    'generic',
    'features-push',
    `--from-literal=secret=${SECRET}`,
  );
  const url = `http://${await cluster.hostAddress()}:${endpoint.port}/chat`;
  const webhook = { name: `push-${run}`, url, secretRef: { name: 'features-push', key: 'secret' } };
  await cluster.change({ notifications: { webhooks: [webhook] } });
});
afterAll(async () => {
  await cluster?.patch({ notifications: { webhooks: [] } });
  await endpoint?.close();
});

/** Sends a message for `users`, and gives back its id. */
async function tell(...users: string[]): Promise<string> {
  const { url, token } = cluster.platform;
  const client = connect({ url, token: () => token(`sender-${run}`) });
  const { id } = await client.publish('lobby', { text: 'are you there?' }, { notify: users });
  client.close();
  if (id === undefined) throw new Error('the ack of a first message has an id');
  return id;
}

const noticesOf = (id: string): Notice[] => endpoint.notices.filter((notice) => notice.id === id);
const toldOf = (id: string, times = 1): Promise<void> =>
  until(`${times} request(s) about ${id}`, TOLD_MS, () => Promise.resolve(noticesOf(id).length >= times));

test('who is not connected is told of by a signed request, once, and who is connected is not', async () => {
  const { url, token } = cluster.platform;
  const here = connect({ url, token: () => token(`here-${run}`) });
  await here.join('lobby').ready;
  const id = await tell(`away-${run}`, `here-${run}`);
  await toldOf(id);
  const [notice] = noticesOf(id);
  expect(notice).toMatchObject({
    genuine: true,
    body: { type: 'message.missed', room: 'lobby', from: `sender-${run}`, users: [`away-${run}`] },
  });
  const quiet = await tell(`here-${run}`);
  await toldOf(await tell(`away-${run}`));
  expect(noticesOf(quiet)).toEqual([]);
  expect(noticesOf(id)).toHaveLength(1);
  here.close();
});

test('an endpoint in trouble is asked again, and told once when it is well', async () => {
  endpoint.answers.push(503, 503);
  const id = await tell(`away-${run}`);
  await toldOf(id, 3);
  const [first, , third] = noticesOf(id);
  expect((third?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(500);
  await toldOf(await tell(`away-${run}`));
  expect(noticesOf(id)).toHaveLength(3);
});

test('what an endpoint will not have becomes a dead letter, and goes out again when it is replayed', async () => {
  endpoint.answers.push(400);
  const id = await tell(`away-${run}`);
  await toldOf(id);
  const cause = `webhook:push-${run}`;
  let letter: { id?: string } = {};
  await until('the dead letter', TOLD_MS, async () => {
    const lines = (await cluster.chatctl('dlq', 'list', '--json', '--cause', cause)).split('\n');
    const line = lines.find((each) => each.startsWith('{'));
    letter = line === undefined ? {} : (JSON.parse(line) as { id?: string });
    return letter.id !== undefined;
  });
  await cluster.chatctl('dlq', 'replay', letter.id ?? '', '--yes');
  await toldOf(id, 2);
  expect(noticesOf(id).every(({ genuine }) => genuine)).toBe(true);
  expect(await cluster.chatctl('dlq', 'list', '--json', '--cause', cause)).not.toMatch(/^\{/m);
});
