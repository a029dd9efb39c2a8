import { memoryRedis, type Presence } from '@chatplatform/redis';
import { roomOptions } from '@chatplatform/platform';
import { ManualClock } from '@chatplatform/runtime';
import type { Session } from '../session/session.ts';
import { Differences } from './differences.ts';
import { GRACE_MS, PresenceKeeper } from './presence-keeper.ts';

interface Scene {
  clock: ManualClock;
  memory: ReturnType<typeof memoryRedis>;
  presence: Presence;
  lease(incarnation: string): Promise<unknown>;
  keeper(incarnation: string): { keeper: PresenceKeeper; told: object[]; here: Set<string> };
}

function scene(): Scene {
  const clock = new ManualClock();
  const memory = memoryRedis({ clock });
  const redis = memory.open();
  return {
    clock,
    memory,
    presence: redis.presence,
    lease: (incarnation) =>
      redis.gateways.lease(incarnation, { state: 'serving', address: '', connections: 0 }),
    keeper: (incarnation) => {
      const told: object[] = [];
      const here = new Set<string>();
      const keeper = new PresenceKeeper({
        incarnation,
        presence: memory.open().presence,
        differences: new Differences(clock, (_, frame) => told.push(JSON.parse(frame) as object)),
        clock,
        optionsOf: () => roomOptions([], ''),
        isIn: (sid) => here.has(sid),
        onError: () => undefined,
      });
      return { keeper, told, here };
    },
  };
}

const session = (user: string, sid: string): Session =>
  ({ user, sid, info: undefined, rooms: new Map([['r', []]]) }) as unknown as Session;

test('a lost connection leaves after the grace, a goodbye at once, and who came back elsewhere not at all', async () => {
  const { clock, presence, lease, keeper } = scene();
  await lease('a');
  await lease('b');
  const [one, two] = [keeper('a'), keeper('b')];
  const [ann, bob, cid] = [session('ann', 's1'), session('bob', 's2'), session('cid', 's3')];
  for (const each of [ann, bob, cid]) await one.keeper.enter(each, 'r');
  one.keeper.gone(ann, true);
  one.keeper.gone(bob, false);
  one.keeper.gone(cid, false);
  await clock.advance(1000);
  expect(await presence.count('r')).toBe(2);
  await two.keeper.enter(cid, 'r');
  await clock.advance(GRACE_MS - 2000);
  await lease('a');
  await lease('b');
  expect(await presence.count('r')).toBe(2);
  await clock.advance(3000);
  expect(one.told.at(-1)).toEqual({ pr: { r: 'r', leave: ['bob'], occ: 1 } });
  expect((await presence.who('r', { max: 9 })).users.map(({ user }) => user)).toEqual(['cid']);
});

test('a leave that Redis did not take is made up for', async () => {
  const { clock, memory, presence, lease, keeper } = scene();
  await lease('a');
  const { keeper: one, told } = keeper('a');
  await one.enter(session('ann', 's1'), 'r');
  await one.enter(session('bob', 's2'), 'r');
  memory.down();
  one.gone(session('ann', 's1'), true);
  await clock.advance(5000);
  memory.up();
  await lease('a');
  expect(await presence.count('r')).toBe(2);
  expect(one.waiting).toBe(1);
  await clock.advance(4000);
  expect(await presence.count('r')).toBe(1);
  expect(told.at(-1)).toEqual({ pr: { r: 'r', leave: ['ann'], occ: 1 } });
  expect(one.waiting).toBe(0);
});

test('a leave that Redis took and lost is made again; who is here or may come back stays', async () => {
  const { memory, presence, lease, keeper } = scene();
  await lease('a');
  const { keeper: one } = keeper('a');
  for (const name of ['ann', 'bob', 'cid']) await one.enter(session(name, `s-${name}`), 'r');
  const before = memory.snapshot();
  await one.leave({ user: 'ann', sid: 's-ann' }, 'r');
  memory.restore(before);
  one.gone(session('bob', 's-bob'), false);
  await one.tidy(['r'], (sid) => sid === 's-cid');
  expect((await presence.who('r', { max: 9 })).users.map(({ user }) => user)).toEqual(['bob', 'cid']);
  one.stop();
});

test('who counts again after a gateway died is told as a number, not as a newcomer', async () => {
  const { clock, lease, keeper } = scene();
  await lease('dead');
  await lease('alive');
  const [dead, alive] = [keeper('dead'), keeper('alive')];
  await dead.keeper.enter(session('ann', 's1'), 'r');
  await alive.keeper.enter(session('bob', 's2'), 'r');
  await clock.advance(10_000);
  await lease('alive');
  await clock.advance(6000);
  // The lease of the dead one is over: somebody is told of one user less.
  await alive.keeper.enter(session('cid', 's3'), 'r');
  await clock.advance(1000);
  expect(alive.told.at(-1)).toEqual({ pr: { r: 'r', join: ['cid'], occ: 2 } });
  await alive.keeper.enter(session('ann', 's1'), 'r');
  await clock.advance(1000);
  expect(alive.told.at(-1)).toEqual({ pr: { r: 'r', occ: 3 } });
});

test('a gateway that lost its lease for a while corrects the number', async () => {
  const { clock, lease, keeper } = scene();
  await lease('a');
  const { keeper: one, told } = keeper('a');
  const ann = session('ann', 's1');
  await one.enter(ann, 'r');
  await clock.advance(1000);
  told.length = 0;
  await one.enter(ann, 'r');
  await clock.advance(1000);
  expect(told).toEqual([]);
  await one.reenter(ann, 'r');
  await clock.advance(1000);
  expect(told).toEqual([{ pr: { r: 'r', occ: 1 } }]);
});
