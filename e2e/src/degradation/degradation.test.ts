import { jest } from '@jest/globals';
import type { RunningGateway } from '@chatplatform/gateway';
import { names } from '@chatplatform/platform';
import { until } from '@chatplatform/runtime';
import type { RunningWorker } from '@chatplatform/workers';
import { startInProcess, type InProcessPlatform } from '../proof/in-process.ts';
import { startIdentityProvider } from './identity-provider.ts';
import { degradedTo, watchedClient, type WatchedClient } from './watched-client.ts';

/** Stores stop and start again, on a machine that may be busy. */
jest.setTimeout(180_000);

// What still works, and what clients see, while one part of the platform is down: one test for each row of the table of
// degradations. Whole gateways and workers, the SDK, real Kafka and Redis.

const NAME = 'degradation';
const AUTH = { issuer: 'proof', audience: 'chat' };

let platform: InProcessPlatform;
let gateways: RunningGateway[];
let workers: RunningWorker[];
const clients: WatchedClient[] = [];

beforeAll(async () => {
  platform = await startInProcess(NAME);
  gateways = [await platform.startGateway(), await platform.startGateway()];
  workers = [await platform.startWorker()];
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(() => platform?.close());

function come(user: string, o: { url?: string; token?: () => Promise<string> } = {}): WatchedClient {
  const client = watchedClient(o.url ?? platform.url, o.token ?? (() => platform.token(user)));
  clients.push(client);
  return client;
}

/** Two members of a room, who have heard each other. */
async function pair(name: string) {
  const [ann, bob] = [come('ann'), come('bob')];
  const [anns, bobs] = [await ann.join(name), await bob.join(name)];
  const heard = (): unknown[] => bobs.got.map(({ data }) => data);
  await anns.room.publish('first');
  await until(() => heard().length === 1);
  return { ann, bob, anns, bobs, heard };
}

const lag = async (): Promise<number> => {
  const { topics, groups } = names('chat', NAME);
  const partitions = await platform.kafka('lag').admin().groupLag(groups.chat, topics.messages);
  return partitions.reduce((sum, partition) => sum + partition.lag, 0);
};

test('Kafka down: publishes are refused and wait in the outbox, everything else works, and they go out later', async () => {
  const { ann, bob, anns, bobs, heard } = await pair('team:kafka');
  const { kafka } = platform.stores;
  await kafka.halt();
  const waiting = ['second', 'third', 'fourth'].map((data) => anns.room.publish(data));
  await degradedTo(ann, ['publish']);
  await degradedTo(bob, ['publish']);
  await until(() =>
    ann.frames.some((frame) => /"code":114\b.*"after":\d+|"after":\d+.*"code":114\b/.test(frame)),
  );
  expect((await bobs.room.who()).users.map(({ user }) => user).toSorted()).toEqual(['ann', 'bob']);
  // Answered, though nothing lies before the first message; a refusal would be asked again until the test ends.
  expect((await bobs.room.history({ max: 10 })).messages).toEqual([]);
  const typing = new Promise((resolve) => bobs.room.on('typing', resolve));
  anns.room.typing(true);
  expect(await typing).toMatchObject({ user: 'ann', on: true });
  const late = come('late');
  expect((await late.join('team:kafka')).got.map(({ data }) => data)).toEqual(['first']);
  expect(ann.client.pending).toBe(3);
  await kafka.restart();
  await Promise.all(waiting);
  await until(() => heard().length === 4);
  expect(heard()).toEqual(['first', 'second', 'third', 'fourth']);
  await degradedTo(ann, []);
});

test('Redis down: publishes are acknowledged, clients are told, and delivery resumes by itself with nothing lost', async () => {
  const { ann, bob, anns, bobs, heard } = await pair('team:redis');
  const { redis } = platform.stores;
  await redis.halt();
  await degradedTo(bob, ['history', 'presence']);
  const acks = [await anns.room.publish('second'), await anns.room.publish('third')];
  expect(acks.map(({ dup }) => dup)).toEqual([false, false]);
  expect(ann.client.state).toBe('connected');
  expect(heard()).toEqual(['first']);
  await redis.restart();
  await degradedTo(bob, []);
  await until(() => heard().length === 3);
  expect(heard()).toEqual(['first', 'second', 'third']);
  await until(async () => (await bobs.room.who()).count === 2);
  expect([...ann.losses, ...bob.losses]).toEqual([]);
});

test('all workers down: publishes are acknowledged and presence works; messages come when a worker does', async () => {
  const { ann, bob, anns, bobs, heard } = await pair('team:workers');
  for (const worker of workers.splice(0)) await worker.kill();
  await anns.room.publish('second');
  await anns.room.publish('third');
  expect(heard()).toEqual(['first']);
  expect(await lag()).toBeGreaterThanOrEqual(2);
  expect((await bobs.room.who()).count).toBe(2);
  expect(ann.client.degraded).toEqual([]);
  workers.push(await platform.startWorker());
  await until(() => heard().length === 3);
  expect(heard()).toEqual(['first', 'second', 'third']);
  await until(async () => (await lag()) === 0);
  expect([...ann.losses, ...bob.losses]).toEqual([]);
});

test('one gateway down: its clients resume elsewhere, and miss and double nothing', async () => {
  const { ann, bob, anns, heard } = await pair('team:gateway');
  const victim = gateways.find(({ incarnation }) => incarnation === bob.client.gateway);
  expect(victim).toBeDefined();
  const resumed = new Promise((resolve) =>
    bob.client.on('state', ({ state }) => {
      if (state === 'reconnecting') resolve(state);
    }),
  );
  await victim?.kill();
  await resumed;
  const sent = Array.from({ length: 20 }, (_, at) => `n${at}`);
  for (const data of sent) await anns.room.publish(data);
  await until(() => heard().length >= 1 + sent.length);
  expect(heard()).toEqual(['first', ...sent]);
  expect(bob.client.gateway).not.toBe(victim?.incarnation);
  expect([...ann.losses, ...bob.losses]).toEqual([]);
  gateways = [...gateways.filter((gateway) => gateway !== victim), await platform.startGateway()];
});

test('identity provider down: who is connected goes on, who comes is known while keys are, else waits and is let in later', async () => {
  const provider = await startIdentityProvider(AUTH);
  const change = {
    auth: { ...AUTH, jwksURL: provider.jwksURL, algorithms: ['RS256' as const] },
    listen: { host: '127.0.0.1', port: 0 },
  };
  const gateway = await platform.startGateway(undefined, change);
  const guest = (user: string, url: string): WatchedClient =>
    come(user, { url, token: () => provider.token(user) });
  const cid = await guest('cid', gateway.url).join('team:idp');
  await provider.stop();
  await cid.room.publish('still here');
  const dan = await guest('dan', gateway.url).join('team:idp');
  await dan.room.publish('known keys');
  await until(() => cid.got.length === 2);

  const ignorant = await platform.startGateway(undefined, change);
  const eve = guest('eve', ignorant.url);
  await until(() => eve.frames.some((frame) => /"code":101\b/.test(frame) && /"retry":true/.test(frame)));
  expect(['connecting', 'reconnecting']).toContain(eve.client.state);
  await provider.start();
  await (await eve.join('team:idp')).room.publish('let in');
  await until(() => cid.got.length === 3);
  await provider.stop();
});
