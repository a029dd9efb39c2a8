import { Deferred, ManualClock } from '@chatplatform/runtime';
import { LocalRooms } from './local-rooms.ts';
import { RingBudget } from './ring.ts';

const ROOM = 'team:1';

/** Rooms whose route writes end as the test says, in the order they were asked for. */
function registry(): { rooms: LocalRooms; writes: Deferred[] } {
  const clock = new ManualClock();
  const writes: Deferred[] = [];
  const rooms = new LocalRooms({
    incarnation: 'gw',
    clock,
    onRouteError: () => undefined,
    routes: {
      add: () => {
        const write = new Deferred();
        writes.push(write);
        return write.promise;
      },
      remove: () => Promise.resolve(),
    },
    surroundings: {
      clock,
      budget: new RingBudget(),
      deliver: () => undefined,
      readAfter: () => Promise.reject(new Error('nobody reads here')),
      count: () => undefined,
    },
  });
  return { rooms, writes };
}

/** Lets promises move as far as they can. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const away = new Error('Redis is away');

test('nobody enters over a first write that failed while the route was being asserted again', async () => {
  const { rooms, writes } = registry();
  const first = rooms.enter(ROOM);
  await turn();
  // Redis was back meanwhile: everything is said again, while the write from before the break has no answer yet.
  const again = rooms.reassert(ROOM);
  const second = rooms.enter(ROOM);
  writes[0]?.reject(away);
  await expect(first).rejects.toBe(away);
  await expect(second).rejects.toBe(away);
  // It holds up nothing else: whoever comes next writes the route anew.
  await expect(again).resolves.toBeUndefined();
  const third = rooms.enter(ROOM);
  await turn();
  expect(writes.length).toBe(2);
  writes[1]?.resolve();
  expect((await third).members).toBe(1);
});

test('a route that stood and cannot be written again is told of, and refuses nobody', async () => {
  const { rooms, writes } = registry();
  const first = rooms.enter(ROOM);
  await turn();
  writes[0]?.resolve();
  await first;
  const again = rooms.reassert(ROOM);
  const second = rooms.enter(ROOM);
  await turn();
  writes[1]?.reject(away);
  await expect(again).rejects.toBe(away);
  expect((await second).members).toBe(2);
});
