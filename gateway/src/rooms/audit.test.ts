import { BEGINNING, formatPosition } from '@chatplatform/protocol';
import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { Audit } from './audit.ts';
import { LocalRooms } from './local-rooms.ts';
import { RingBudget } from './ring.ts';

const HERE = 'gw-1';
const HEAD = formatPosition('epoch0', 0, 7);

async function bench(count: number) {
  const redis = memoryRedis().open();
  const clock = new ManualClock();
  const delivered: string[] = [];
  const page = { entries: [{ id: HEAD, p: BEGINNING, frame: '{}' }], more: false, head: HEAD, lost: false };
  const rooms = new LocalRooms({
    incarnation: HERE,
    routes: redis.routes,
    clock,
    onRouteError: () => undefined,
    surroundings: {
      clock,
      budget: new RingBudget(),
      deliver: (room) => delivered.push(room),
      readAfter: () => Promise.resolve(page),
      count: () => undefined,
    },
  });
  for (let n = 0; n < count; n += 1) (await rooms.enter(`r${n}`)).seed(BEGINNING);
  const heads = new Map<string, string>();
  const asked: number[] = [];
  let missing = 0;
  const audit = new Audit({
    incarnation: HERE,
    rooms,
    routes: redis.routes,
    history: {
      heads: (names) => {
        asked.push(names.length);
        return Promise.resolve(names.map((name) => heads.get(name) ?? BEGINNING));
      },
    },
    clock,
    onMissing: (found) => (missing += found),
    onError: (error) => {
      throw error;
    },
  });
  return { redis, clock, rooms, heads, asked, audit, delivered, missing: () => missing };
}

test('a route that vanished is written again, and what was missed meanwhile is delivered', async () => {
  const { redis, heads, audit, delivered, missing } = await bench(3);
  await redis.routes.remove('r1', HERE);
  heads.set('r1', HEAD);
  await audit.run();
  await new Promise(setImmediate);
  expect(await redis.routes.of('r1')).toEqual([HERE]);
  expect(missing()).toBe(1);
  expect(delivered).toEqual(['r1']);
});

test('where all is well nothing is written', async () => {
  const { redis, audit, missing } = await bench(3);
  const before = redis.routes.add.bind(redis.routes);
  let writes = 0;
  redis.routes.add = (...args) => {
    writes += 1;
    return before(...args);
  };
  await audit.run();
  expect([writes, missing()]).toEqual([0, 0]);
});

test('many rooms are looked at in pieces, spread over most of the time between two audits', async () => {
  const { clock, asked, audit } = await bench(900);
  const run = audit.run();
  await clock.advance(25_000);
  expect(asked).toHaveLength(4);
  await clock.advance(15_000);
  await run;
  expect(asked).toEqual([200, 200, 200, 200, 100]);
});
