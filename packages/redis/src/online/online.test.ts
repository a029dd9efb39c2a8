import { ManualClock } from '@chatplatform/runtime';
import { memoryRedis } from '../memory/memory-redis.ts';
import { COMING_MS, GOING_MS } from './online.ts';

function setUp() {
  const clock = new ManualClock();
  const redis = memoryRedis({ clock }).open();
  const entries = async (): Promise<string[]> =>
    (await redis.online.due(100)).map(({ mark }) => mark.split(' ')[0] ?? '').sort();
  return { clock, redis, entries };
}

test('sessions that begin and end note their user', async () => {
  const { clock, redis, entries } = setUp();
  const holder = { incarnation: 'gw-1', generation: 1 };
  await redis.sessions.create('s1', { user: 'ann', incarnation: 'gw-1' });
  await clock.advance(COMING_MS);
  expect(await entries()).toEqual(['+ann']);
  await redis.sessions.suspend('s1', holder, 60_000);
  await clock.advance(GOING_MS);
  expect(await entries()).toEqual(['+ann', '-ann']);
  await redis.sessions.resume('s2', { user: 'bob', incarnation: 'gw-1', generation: 1 });
  await redis.sessions.assert('s3', 'cid', holder);
  await redis.sessions.remove('s4', 'dan', holder);
  await clock.advance(GOING_MS);
  expect(await entries()).toEqual(['+ann', '+bob', '+cid', '-ann', '-dan']);
});

test('the sweep of a dead gateway notes everybody it held', async () => {
  const { clock, redis, entries } = setUp();
  for (const user of ['ann', 'bob']) await redis.sessions.create(`s-${user}`, { user, incarnation: 'gw-1' });
  await redis.gateways.sweep('gw-1');
  await clock.advance(GOING_MS);
  expect(await entries()).toEqual(['+ann', '+bob', '-ann', '-bob']);
});

test('who goes again and again is looked at after the last time, who comes after the first', async () => {
  const { clock, redis, entries } = setUp();
  await redis.online.note(['ann'], 'went');
  await redis.online.note(['bob'], 'came');
  await clock.advance(COMING_MS - 1);
  await redis.online.note(['ann'], 'went');
  await redis.online.note(['bob'], 'came');
  await clock.advance(GOING_MS - 1);
  expect(await entries()).toEqual(['+bob']);
  await clock.advance(1);
  expect(await entries()).toEqual(['+bob', '-ann']);
});
