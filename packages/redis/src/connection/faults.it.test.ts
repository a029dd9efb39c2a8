import { jest } from '@jest/globals';
import { until } from '@chatplatform/runtime';
import { startRedis, type RedisStore } from '@chatplatform/testkit';
import { realSubject, type RealSubject } from '../contract/real-subject.ts';
import { EPOCH, message } from '../contract/messages.ts';
import { encodeInboxLine } from '../inbox/inbox-line.ts';
import type { InboxGap } from '../inbox/inbox.ts';
import { openRedis } from '../open-redis.ts';
import type { Redis, RedisState } from '../redis.ts';

jest.setTimeout(60_000);

const PREFIX = 'faults.it:';
let store: RedisStore;
let real: RealSubject;
let redis: Redis;

beforeAll(async () => {
  store = await startRedis();
  real = realSubject({ url: store.url, cluster: false });
});
beforeEach(async () => {
  redis = real.openAt(PREFIX);
  await redis.ready(10_000);
});
afterEach(() => redis.close());
afterAll(async () => {
  await real.close();
  await store.stop();
});

test('a killed server: commands fail at once, the state is told, and all works again after its restart', async () => {
  const states: RedisState[] = [];
  redis.onState((state) => states.push(state));
  const history = redis.history(EPOCH);
  await history.append({ room: 'killed', messages: [message('killed', 1, ['i', 1])] });
  await store.kill9();
  await until(() => redis.state === 'down');
  const began = performance.now();
  await expect(history.head('killed')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  expect(performance.now() - began).toBeLessThan(500);
  await store.restart();
  await redis.ready(20_000);
  // A restarted server has forgotten the scripts.
  const result = await history.append({ room: 'killed', messages: [message('killed', 2, ['i', 2])] });
  expect(result.behind).toBe(false);
  expect(states).toEqual(['down', 'up']);
});

test('a command in flight when the server is killed fails, and does not wait for its return', async () => {
  store.pause();
  const pending = expect(redis.routes.of('room')).rejects.toMatchObject({ retryable: true });
  await store.kill9();
  await pending;
  await store.restart();
  await redis.ready(20_000);
});

test('a server that hangs is a timeout, then as good as away, until it answers again', async () => {
  const states: RedisState[] = [];
  redis.onState((state) => states.push(state));
  store.pause();
  try {
    await expect(redis.routes.of('room')).rejects.toMatchObject({ code: 'timeout', retryable: true });
    const began = performance.now();
    await expect(redis.routes.of('room')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(performance.now() - began).toBeLessThan(500);
  } finally {
    store.resume();
  }
  await until(() => redis.state === 'up');
  expect(await redis.routes.of('room')).toEqual([]);
  expect(states).toEqual(['down', 'up']);
});

test('an inbox listens again by itself after a restart, says so, and numbers tell of what was lost', async () => {
  const events: (string | InboxGap)[] = [];
  const subscription = await redis.inbox.subscribe('gw-1', {
    onItems: (items) => void events.push(...items.map((item) => item.frame)),
    onGap: (gap) => void events.push(gap),
  });
  const publisher = redis.inbox.publisher({ incarnation: 'w-1' });
  const line = (frame: string): string => encodeInboxLine({ class: 'm', frame });
  await publisher.publish('gw-1', [line('1')]);
  await until(() => events.includes('1'));
  await store.kill9();
  await until(() => redis.state === 'down');
  await expect(publisher.publish('gw-1', [line('2')])).rejects.toMatchObject({ retryable: true });
  await store.restart();
  await redis.ready(20_000);
  await until(() => events.some((event) => typeof event !== 'string' && event.reason === 'reconnect'));
  await publisher.publish('gw-1', [line('3')]);
  await until(() => events.includes('3'));
  expect(events).toContainEqual({ reason: 'jump', publisher: 'w-1' });
  await publisher.signOff();
  await subscription.close();
});

test('a loss of the data is told by the canary, also when the server comes back empty', async () => {
  await redis.keyspace.establish({ complete: true });
  expect((await redis.keyspace.state()).state).toBe('intact');
  await store.flushAll();
  expect(await redis.keyspace.state()).toMatchObject({ state: 'lost', complete: false });
  await redis.keyspace.establish({ complete: false });
  expect((await redis.keyspace.state()).state).toBe('intact');
  await store.kill9();
  await store.restart();
  await redis.ready(20_000);
  expect((await redis.keyspace.state()).state).toBe('lost');
});

test('keys that must end have an end; those that must not have none', async () => {
  await redis
    .history(EPOCH)
    .append({ room: 'ends', messages: [message('ends', 1, ['i', 1], { ts: Date.now() })] });
  const keys = await real.raw().keys(`${PREFIX}*ends}*`);
  const lives = await Promise.all(
    keys.map(async (key) => [key.split(':')[2], (await real.raw().pttl(key)) / 3_600_000]),
  );
  const hours = Object.fromEntries(lives as [string, number][]);
  expect(Object.keys(hours).sort()).toEqual(['d', 'h', 'hd']);
  expect(hours['h']).toBeCloseTo(24, 1);
  expect(hours['hd']).toBeCloseTo(24 * 8, 1);
  expect(hours['d']).toBeCloseTo(24 * 4, 1);
});

test('a wrong password is said as such', async () => {
  await store.command('config', 'set', 'requirepass', 'right');
  const stranger = real.openAt(PREFIX);
  await expect(stranger.ready(1_000)).rejects.toMatchObject({
    message: expect.stringMatching(/NOAUTH|Authentication/i),
  });
  await stranger.close();
  await store.command('-a', 'right', 'config', 'set', 'requirepass', '');
});

test('a closed one says so', async () => {
  const other = real.openAt(PREFIX);
  await other.ready(10_000);
  await other.close();
  await expect(other.routes.of('room')).rejects.toMatchObject({ code: 'closed', retryable: false });
});

test('failed calls are counted by code; those that the own close ended are none', async () => {
  const codes: string[] = [];
  const config = { url: store.url, cluster: false };
  const deps = { logger: { info: () => {}, warn: () => {} }, onFailure: (code: string) => codes.push(code) };
  const other = openRedis({ config, prefix: PREFIX, deps });
  await expect(other.routes.of('room')).rejects.toMatchObject({ code: 'unavailable' });
  await other.ready(10_000);
  await other.routes.of('room');
  expect(codes).toEqual(['unavailable']);
  await other.close();
  await expect(other.routes.of('room')).rejects.toMatchObject({ code: 'closed' });
  expect(codes).toEqual(['unavailable']);
});
