import { memoryKafka, type MemoryKafka } from '@chatplatform/kafka';
import { decodeEvent, type PlatformEvent } from '@chatplatform/protocol';
import {
  LEASE_RENEW_MS,
  memoryRedis,
  type InboxItem,
  type MemoryRedis,
  type Redis,
} from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { createMetrics, silentLogger } from '@chatplatform/telemetry';
import { presenceMetrics } from './presence-metrics.ts';
import { PresenceService } from './presence-service.ts';

const TOPIC = 'events';
const FACTS = { epoch: 'abcdef', partitions: { messages: 1, events: 1, deadLetters: 1 } };

let clock: ManualClock;
let store: MemoryRedis;
let redis: Redis;
let kafka: MemoryKafka;
const services: PresenceService[] = [];
const clients: MemoryKafka[] = [];
/** Gateways whose leases are renewed as time passes. */
const alive = new Set<string>();

beforeEach(async () => {
  clock = new ManualClock(1_760_000_000_000);
  store = memoryRedis({ clock });
  redis = store.open();
  kafka = memoryKafka();
  await kafka.admin().ensureTopics([{ name: TOPIC, partitions: 1, replicationFactor: 1 }]);
});
afterEach(async () => {
  alive.clear();
  await Promise.all(services.splice(0).map((service) => service.stop({ killed: false })));
  await Promise.all([kafka, ...clients.splice(0)].map((client) => client.close()));
});

async function service(name: string, own: Redis = store.open()): Promise<PresenceService> {
  const client = kafka.client();
  clients.push(client);
  const made = new PresenceService({
    redis: own,
    producer: client.producer(),
    topic: TOPIC,
    incarnation: name,
    clock,
    logger: silentLogger,
    metrics: presenceMetrics(createMetrics({ defaults: false })),
  });
  services.push(made);
  await made.run(FACTS);
  return made;
}

/** Lets time pass, with the leases of what is alive. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    if ((second * 1_000) % LEASE_RENEW_MS === 0) await renew();
    await clock.advance(1_000);
    // The log of the twin answers in turns of the event loop, not by the clock.
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function renew(): Promise<void> {
  if (redis.state === 'down') return;
  for (const gateway of alive)
    await redis.gateways.lease(gateway, { state: 'serving', address: 'a', connections: 0 });
}

function told(): string[] {
  return kafka
    .records(TOPIC)
    .map(({ value }) => decodeEvent(String(value)) as PlatformEvent & { user: string })
    .map(({ type, user }) => `${type} ${user}`);
}

const connect = (user: string, sid: string, gateway: string) =>
  redis.sessions.create(sid, { user, incarnation: gateway });
const disconnect = (sid: string, gateway: string) =>
  redis.sessions.suspend(sid, { incarnation: gateway, generation: 1 }, 180_000);

test('online once with the first device, offline once some seconds after the last', async () => {
  alive.add('gw-1');
  await Promise.all([service('w-1'), service('w-2'), service('w-3')]);
  await connect('ann', 's1', 'gw-1');
  await connect('ann', 's2', 'gw-1');
  await pass(5);
  expect(told()).toEqual(['user.online ann']);
  await disconnect('s1', 'gw-1');
  await pass(15);
  expect(told()).toEqual(['user.online ann']);
  await disconnect('s2', 'gw-1');
  await pass(5);
  expect(told()).toEqual(['user.online ann']);
  await pass(10);
  expect(told()).toEqual(['user.online ann', 'user.offline ann']);
});

test('a reconnect within the grace is told to nobody', async () => {
  alive.add('gw-1').add('gw-2');
  await service('w-1');
  await connect('ann', 's1', 'gw-1');
  await pass(5);
  await disconnect('s1', 'gw-1');
  await pass(5);
  await redis.sessions.resume('s1', { user: 'ann', incarnation: 'gw-2', generation: 1 });
  await pass(20);
  expect(told()).toEqual(['user.online ann']);
});

test('when a gateway dies, members and services are told of who went with it, once', async () => {
  alive.add('gw-1').add('gw-2');
  await Promise.all([service('w-1'), service('w-2')]);
  const mail: InboxItem[] = [];
  await redis.inbox.subscribe('gw-2', {
    onItems: (items) => void mail.push(...items),
    onGap: () => undefined,
  });
  await renew();
  await connect('ann', 's1', 'gw-1');
  await connect('bob', 's2', 'gw-2');
  for (const [user, sid, incarnation] of [
    ['ann', 's1', 'gw-1'],
    ['bob', 's2', 'gw-2'],
  ] as const)
    await redis.presence.join('r', { user, sid, incarnation });
  await redis.routes.add('r', 'gw-1');
  await redis.routes.add('r', 'gw-2');
  await pass(5);
  alive.delete('gw-1');
  await pass(60);
  expect(told().sort()).toEqual([
    'member.left ann',
    'user.offline ann',
    'user.online ann',
    'user.online bob',
  ]);
  expect(mail.map(({ frame }) => JSON.parse(frame) as unknown)).toEqual([
    { pr: { r: 'r', leave: ['ann'], occ: 1 } },
  ]);
});

test('another worker goes on when the leader dies', async () => {
  alive.add('gw-1');
  const leader = await service('w-1');
  await pass(2);
  await service('w-2');
  await connect('ann', 's1', 'gw-1');
  await pass(5);
  expect(told()).toEqual(['user.online ann']);
  services.splice(services.indexOf(leader), 1);
  await leader.stop({ killed: true });
  await disconnect('s1', 'gw-1');
  await connect('bob', 's2', 'gw-1');
  await pass(30);
  expect(told()).toEqual(['user.online ann', 'user.online bob', 'user.offline ann']);
});

test('a leader that dies between telling and noting it has it told again with the same time, not as another change', async () => {
  alive.add('gw-1');
  const own = store.open();
  const dying = Object.assign(Object.create(own) as Redis, {
    online: {
      note: own.online.note.bind(own.online),
      due: own.online.due.bind(own.online),
      turn: own.online.turn.bind(own.online),
      settle: own.online.settle.bind(own.online),
      told: () => new Promise<void>(() => undefined),
    },
  });
  const leader = await service('w-1', dying);
  services.splice(services.indexOf(leader), 1);
  await connect('ann', 's1', 'gw-1');
  await pass(5);
  expect(told()).toEqual(['user.online ann']);
  await service('w-2');
  await pass(30);
  const events = kafka.records(TOPIC).map(({ value }) => JSON.parse(String(value)) as { at: number });
  expect(events).toHaveLength(2);
  expect(new Set(events.map(({ at }) => at)).size).toBe(1);
});

test('an outage of Redis is no absence of everybody', async () => {
  alive.add('gw-1');
  await service('w-1');
  await connect('ann', 's1', 'gw-1');
  await redis.presence.join('r', { user: 'ann', sid: 's1', incarnation: 'gw-1' });
  await pass(5);
  store.down();
  await pass(40);
  store.up();
  await pass(60);
  expect(told()).toEqual(['user.online ann']);
});

test('a crowd that comes at once is told of whole, each once', async () => {
  alive.add('gw-1');
  await service('w-1');
  await renew();
  const users = Array.from({ length: 450 }, (_, at) => `user-${at}`);
  for (const user of users) await connect(user, `s-${user}`, 'gw-1');
  await pass(5);
  expect(told().sort()).toEqual(users.map((user) => `user.online ${user}`).sort());
});
