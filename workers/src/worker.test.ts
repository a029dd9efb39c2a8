import { RedisError } from '@chatplatform/redis';
import { systemClock } from '@chatplatform/runtime';
import {
  expected,
  GATEWAY,
  NAMES,
  PARTITIONS,
  recordOf,
  roomsOfPartition,
  World,
  type Publish,
} from './test/world.ts';
import { partitionOf } from '@chatplatform/protocol';
import type { RunningWorker } from './worker.ts';

const ROOMS = [...roomsOfPartition(0, 2), ...roomsOfPartition(1, 2)];
const [ROOM = ''] = ROOMS;
const running: RunningWorker[] = [];
const worlds: World[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.close()));
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

function opened(rooms: readonly string[]): Promise<World> {
  const world = new World();
  worlds.push(world);
  return world.open(rooms);
}

async function started(world: World, deps: Parameters<World['worker']>[0] = {}): Promise<RunningWorker> {
  const worker = await world.worker(deps);
  running.push(worker);
  return worker;
}

/** A platform with one worker. */
async function atWork(): Promise<World> {
  const world = await opened(ROOMS);
  await started(world);
  return world;
}

function traffic(count: number): Publish[] {
  return Array.from({ length: count }, (_, at) => ({
    room: ROOMS[at % ROOMS.length] as string,
    inst: `i${at % 3}`,
    n: at + 1,
  }));
}

test('messages reach history, gateway and events in the order of the log, with a chain of p from the first', async () => {
  const world = await opened(ROOMS);
  const messages = traffic(400);
  await world.publish(...messages);
  await started(world);
  await world.drained();
  for (const room of ROOMS) {
    expect(await world.history(room)).toEqual(expected(messages, room));
    expect(world.delivered(room)).toEqual(expected(messages, room));
  }
  const accepted = world.events().filter((event) => event.type === 'message.accepted');
  expect(accepted).toHaveLength(400);
  expect(world.mail.find((item) => item.room === ROOM)).toMatchObject({ class: 'm', p: '' });
});

test('a resend is no second message: no entry, no fan-out, no event', async () => {
  const world = await atWork();
  await world.publish(
    { room: ROOM, inst: 'a', n: 1 },
    { room: ROOM, inst: 'a', n: 2 },
    { room: ROOM, inst: 'a', n: 1 },
  );
  await world.publish({ room: ROOM, inst: 'a', n: 2 }, { room: ROOM, inst: 'a', n: 3 });
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1', 'a.2', 'a.3']);
  expect(world.mail.filter((item) => item.class === 'm')).toHaveLength(3);
  expect(world.events()).toHaveLength(3);
});

test('a bad record goes to the dead letters with cause, attempts and origin, its sender is told, the rest goes on', async () => {
  const world = await atWork();
  const good = recordOf({ room: ROOM, inst: 'a', n: 1 });
  await world.append({ ...good, value: '{"x":1}' });
  await world.append({ ...good, partition: (good.partition + 1) % PARTITIONS });
  await world.publish({ room: ROOM, inst: 'a', n: 2 });
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.2']);
  const letters = world.deadLetters();
  expect(
    letters.map((letter) => letter.headers['dl-cause']).toSorted((a = '', b = '') => a.localeCompare(b)),
  ).toEqual(['partition', 'value']);
  const bad = letters.find((letter) => letter.headers['dl-cause'] === 'value');
  expect(bad).toMatchObject({
    key: ROOM,
    headers: { 'dl-attempts': '1', 'dl-topic': NAMES.topics.messages, 'dl-offset': '0' },
  });
  expect(String(bad?.value)).toBe('{"x":1}');
  const told = world.mail.filter((item) => item.class === 'rj');
  expect(told).toHaveLength(2);
  expect(told[0]).toMatchObject({ sid: 's-a', room: ROOM });
  expect(JSON.parse(told[0]?.frame ?? '')).toMatchObject({ rj: { r: ROOM, code: 107 } });
  expect(world.events().filter((event) => event.type === 'message.rejected')).toHaveLength(2);
});

test('a record of which nothing can be read still goes to the dead letters', async () => {
  const world = await atWork();
  await world.append({ topic: NAMES.topics.messages, partition: 0, key: null, value: null });
  await world.drained();
  expect(world.deadLetters()).toMatchObject([{ key: null, headers: { 'dl-cause': 'version' } }]);
  expect(world.events()).toEqual([]);
});

test('a rule refuses one message; one it throws on is found in the batch and is poison after 3 attempts', async () => {
  const world = await opened(ROOMS);
  let calls = 0;
  const rule = {
    name: 'words',
    judge: (messages: readonly { data: unknown }[]) => {
      calls += messages.length === 1 && messages[0]?.data === 'bomb' ? 1 : 0;
      if (messages.some((message) => message.data === 'bomb')) throw new TypeError('cannot judge');
      return messages.map((message) => (message.data === 'rude' ? { code: 103, msg: 'be kind' } : undefined));
    },
  };
  const messages = traffic(100).map((message, at) => ({
    ...message,
    data: at === 40 ? 'rude' : at === 70 ? 'bomb' : at,
  }));
  await world.publish(...messages);
  await started(world, { rules: [rule] });
  await world.drained();
  const passed = messages.filter((_, at) => at !== 40 && at !== 70);
  for (const room of ROOMS) expect(await world.history(room)).toEqual(expected(passed, room));
  expect(calls).toBe(3);
  expect(world.deadLetters()).toMatchObject([
    { headers: { 'dl-cause': 'rule:words', 'dl-attempts': '3', 'dl-message': 'cannot judge' } },
  ]);
  const codes = world.mail
    .filter((item) => item.class === 'rj')
    .map((item) => (JSON.parse(item.frame) as { rj: { code: number } }).rj.code);
  expect(codes.toSorted((a, b) => a - b)).toEqual([103, 107]);
});

test('an outage of Redis or Kafka is waited out: nothing is lost, nothing is poison', async () => {
  const world = await atWork();
  const messages = traffic(60);
  await world.publish(...messages.slice(0, 20));
  await world.drained();
  world.store.down();
  await world.publish(...messages.slice(20, 40));
  await new Promise((resolve) => setTimeout(resolve, 200));
  world.store.up();
  await world.drained();
  world.kafka.faults.outage = true;
  await new Promise((resolve) => setTimeout(resolve, 100));
  world.kafka.faults.outage = false;
  await world.publish(...messages.slice(40));
  await world.drained();
  expect(world.deadLetters()).toEqual([]);
  for (const room of ROOMS) expect(world.delivered(room)).toEqual(expected(messages, room));
});

test('whatever error Redis gives, no message is blamed for it', async () => {
  const world = await opened(ROOMS);
  const redis = world.store.open();
  const append = redis.history(world.epoch).append;
  let refusals = 3;
  const history = redis.history(world.epoch);
  history.append = (request) =>
    refusals-- > 0 ? Promise.reject(new RedisError('invalid', 'WRONGPASS')) : append.call(history, request);
  await started(world, { redis: { ...redis, history: () => history } });
  await world.publish({ room: ROOM, inst: 'a', n: 1 });
  await world.drained();
  expect(world.deadLetters()).toEqual([]);
  expect(await world.history(ROOM)).toEqual(['a.1']);
});

test('writes that Redis lost are made again in order, before anything newer', async () => {
  const world = await atWork();
  const messages = traffic(200);
  await world.publish(...messages.slice(0, 80));
  await world.drained();
  const snapshot = world.store.snapshot();
  await world.publish(...messages.slice(80, 160));
  await world.drained();
  world.store.restore(snapshot);
  await world.publish(...messages.slice(160));
  await world.drained();
  for (const room of ROOMS) {
    expect(await world.history(room)).toEqual(expected(messages, room));
    expect(world.delivered(room)).toEqual(expected(messages, room));
  }
});

test('a successor repairs what Redis lost while no worker ran, and sends only what was missing again', async () => {
  const world = await opened(ROOMS);
  const first = await started(world);
  const messages = traffic(120);
  await world.publish(...messages.slice(0, 60));
  await world.drained();
  const snapshot = world.store.snapshot();
  await world.publish(...messages.slice(60, 100));
  await world.drained();
  await first.close();
  world.store.restore(snapshot);
  world.mail.length = 0;
  const events = world.events().length;
  await started(world);
  await world.publish(...messages.slice(100));
  await world.drained();
  for (const room of ROOMS) expect(await world.history(room)).toEqual(expected(messages, room));
  const sent = world.mail.filter((item) => item.class === 'm').length;
  expect(sent).toBe(60);
  expect(world.events().length).toBe(events + 20);
});

test('writes that Redis lost are made again in a partition that stays quiet', async () => {
  const world = await atWork();
  const messages = traffic(100);
  await world.publish(...messages.slice(0, 40));
  await world.drained();
  const snapshot = world.store.snapshot();
  await world.publish(...messages.slice(40));
  await world.drained();
  world.store.down();
  world.store.restore(snapshot);
  world.store.up();
  await world.eventually(messages, ROOMS);
});

test('a successor repairs quiet partitions too', async () => {
  const world = await opened(ROOMS);
  const first = await started(world);
  const messages = traffic(100);
  await world.publish(...messages.slice(0, 40));
  await world.drained();
  const snapshot = world.store.snapshot();
  await world.publish(...messages.slice(40));
  await world.drained();
  await first.close();
  world.store.restore(snapshot);
  await started(world);
  await world.eventually(messages, ROOMS);
});

test('the first messages of a platform begin their rooms, in whichever partition', async () => {
  const world = await opened(ROOMS);
  world.kafka.faults.outage = true;
  await started(world);
  world.kafka.faults.outage = false;
  await world.publish(...traffic(4));
  await world.drained();
  expect(world.mail.filter((item) => item.class === 'm').map((item) => item.p)).toEqual(['', '', '', '']);
});

test('an emptied Redis is filled again from the log', async () => {
  const world = await atWork();
  const messages = traffic(100);
  await world.publish(...messages.slice(0, 60));
  await world.drained();
  world.store.wipe();
  world.store.down();
  world.store.up();
  await world.redis.routes.add(ROOMS, GATEWAY);
  await world.publish(...messages.slice(60));
  await world.drained();
  for (const room of ROOMS) expect(await world.history(room)).toEqual(expected(messages, room));
});

test('who comes after another worker has put an emptied Redis in order fills it all the same', async () => {
  let laterMs = 0;
  const world = new World({ ...systemClock, now: () => systemClock.now() + laterMs });
  worlds.push(world);
  await world.open(ROOMS);
  const first = await started(world);
  const messages = traffic(80);
  await world.publish(...messages.slice(0, 40));
  await world.drained();
  // The rest is more than the 60 s younger that every assignment goes back.
  laterMs = 5 * 60_000;
  await world.publish(...messages.slice(40));
  await world.drained();
  await first.close();
  world.store.wipe();
  // It holds none of these partitions, and so applies nothing again.
  await world.store.open().keyspace.establish({ complete: false });
  await started(world);
  await world.eventually(messages, ROOMS);
});

test('a latest-value room keeps the newest value per key and sends it as v', async () => {
  const room = 'board:1';
  const world = await opened([room]);
  await started(world);
  await world.publish({ room, inst: 'a', n: 1, k: 'x', data: 1 }, { room, inst: 'a', n: 2, k: 'y', data: 2 });
  await world.drained();
  await world.publish({ room, inst: 'a', n: 3, k: 'x', data: 3 }, { room, inst: 'a', n: 4, data: 'no key' });
  await world.drained();
  const { entries } = await world.redis.latest(world.epoch).all(room);
  expect(entries.map(({ k, frame }) => [k, (JSON.parse(frame) as { v: { d: unknown } }).v.d])).toEqual([
    ['y', 2],
    ['x', 3],
  ]);
  expect(world.mail.filter((item) => item.class === 'v')).toHaveLength(3);
  expect(world.deadLetters()).toMatchObject([{ headers: { 'dl-cause': 'key-missing' } }]);
});

test('close commits the batch under way and signs off; metrics and health tell', async () => {
  const world = await opened(ROOMS);
  const worker = await started(world);
  await world.publish(...traffic(50));
  await world.drained();
  expect((await fetch(`${worker.adminUrl}/healthz`)).status).toBe(200);
  const metrics = await (await fetch(`${worker.adminUrl}/metrics`)).text();
  expect(metrics).toContain('chat_worker_messages_total{verdict="appended"} 50');
  expect(metrics).toContain(`chat_worker_lag_records{partition="${partitionOf(ROOM, PARTITIONS)}"} 0`);
  await worker.close();
  await expect(fetch(`${worker.adminUrl}/healthz`)).rejects.toThrow();
});

test('waits for topics and epoch that are not there yet', async () => {
  const world = new World();
  worlds.push(world);
  await started(world);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await world.open(ROOMS);
  await world.publish({ room: ROOM, inst: 'a', n: 1 });
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1']);
});

test('a worker does only what it is told to', async () => {
  const world = await opened(ROOMS);
  running.push(await world.worker({}, { services: ['presence'] }));
  await world.publish({ room: ROOM, inst: 'a', n: 1 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await world.kafka.admin().groupLag(NAMES.groups.chat, NAMES.topics.messages)).toMatchObject([
    { committed: -1 },
    { committed: -1 },
  ]);
  running.push(await world.worker({}, { services: ['chat'] }));
  await world.drained();
  expect(await world.history(ROOM)).toEqual(['a.1']);
});
