import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { Differences } from './differences.ts';
import { sweeper } from './sweeper.ts';

function scene() {
  const clock = new ManualClock();
  const memory = memoryRedis({ clock });
  const redis = memory.open();
  const told: object[] = [];
  const differences = new Differences(clock, (room, frame) => {
    told.push({ room, ...(JSON.parse(frame) as object) });
  });
  const { gateways, presence } = redis;
  const sweep = sweeper({ gateways, presence, differences, clock });
  const lease = (incarnation: string) =>
    gateways.lease(incarnation, { state: 'serving', address: '', connections: 0 });
  return { clock, memory, redis, sweep, lease, told };
}

test('who was on a gateway that died is told to have left, once its grace is over', async () => {
  const { clock, redis, sweep, lease, told } = scene();
  await lease('dead');
  await lease('alive');
  await redis.presence.join('r', { user: 'ann', sid: 's1', incarnation: 'dead' });
  await redis.presence.join('r', { user: 'bob', sid: 's2', incarnation: 'alive' });
  await redis.routes.add('r', 'dead');
  for (let seconds = 0; seconds < 35; seconds += 5) {
    await lease('alive');
    await sweep.run();
    if (seconds <= 20) expect(told).toEqual([]);
    await clock.advance(5000);
  }
  expect(told).toEqual([{ room: 'r', pr: { r: 'r', leave: ['ann'], occ: 1 } }]);
  expect(await redis.routes.of('r')).toEqual([]);
});

test('after an outage nobody is swept before leases could be renewed', async () => {
  const { clock, redis, sweep, lease } = scene();
  await lease('quiet');
  await redis.routes.add('r', 'quiet');
  await clock.advance(60_000);
  sweep.afterOutage();
  await sweep.run();
  expect(await redis.routes.of('r')).toEqual(['quiet']);
  await clock.advance(30_000);
  await sweep.run();
  expect(await redis.routes.of('r')).toEqual([]);
});
