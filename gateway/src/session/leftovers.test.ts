import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import type { PresenceKeeper } from '../presence/presence-keeper.ts';
import { Leftovers } from './leftovers.ts';
import { SessionRegistry } from './session-registry.ts';
import type { Session } from './session.ts';

function scene() {
  const memory = memoryRedis({ clock: new ManualClock() });
  const { sessions } = memory.open();
  const registry = new SessionRegistry();
  const tidied: (readonly string[])[] = [];
  const presence = {
    tidy: (rooms: readonly string[]) => {
      tidied.push(rooms);
      return memory
        .open()
        .keyspace.state()
        .then(() => undefined);
    },
  } as unknown as PresenceKeeper;
  const leftovers = new Leftovers({ incarnation: 'a', sessions, presence, registry, rooms: () => ['r'] });
  return { memory, sessions, registry, leftovers, tidied };
}

test('a session whose end Redis did not take stops counting, one that is here or being made does not', async () => {
  const { sessions, registry, leftovers } = scene();
  for (const sid of ['gone', 'here']) await sessions.create(sid, { user: 'ann', incarnation: 'a' });
  registry.add({ sid: 'here', user: 'ann' } as Session);
  await leftovers.run();
  await sessions.create('making', { user: 'ann', incarnation: 'a' });
  expect((await sessions.ofUser('ann')).size).toBe(3);
  await leftovers.run();
  expect([...(await sessions.ofUser('ann')).keys()].sort()).toEqual(['here', 'making']);
  expect(await sessions.get('gone')).toMatchObject({ state: 'suspended' });
  expect(await sessions.get('here')).toMatchObject({ state: 'connected' });
});

test('a session that moved on keeps its new holder; only our register of it goes', async () => {
  const { sessions, leftovers } = scene();
  await sessions.create('s', { user: 'ann', incarnation: 'a' });
  await sessions.resume('s', { user: 'ann', incarnation: 'b', generation: 1 });
  await leftovers.run();
  await leftovers.run();
  expect(await sessions.heldBy('a')).toEqual(new Map());
  expect(await sessions.ofUser('ann')).toEqual(new Map([['s', 'b']]));
  expect(await sessions.get('s')).toMatchObject({ incarnation: 'b', state: 'connected' });
});

test('presence is looked at once after every suspicion, and again when Redis was away meanwhile', async () => {
  const { memory, leftovers, tidied } = scene();
  await leftovers.run();
  expect(tidied).toEqual([]);
  leftovers.suspect();
  memory.down();
  await expect(leftovers.run()).rejects.toMatchObject({ code: 'unavailable' });
  memory.up();
  await leftovers.run();
  await leftovers.run();
  expect(tidied.filter((rooms) => rooms[0] === 'r')).toHaveLength(1);
});
