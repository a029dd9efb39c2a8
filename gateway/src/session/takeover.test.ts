import { jest } from '@jest/globals';
import { Bench, twins } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let stores: ReturnType<typeof twins>;

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
});

afterEach(() => bench.close());

test.each(['the same gateway', 'another gateway'])(
  'a newer socket on %s ends the older one with 3514',
  async (where) => {
    const one = await bench.gateway();
    const two = where === 'another gateway' ? await bench.gateway() : one;
    const old = await bench.client(one, 'ann', { rooms: { r: {} } });
    const fresh = await bench.client(two, 'ann', {
      inst: old.inst,
      resume: old.hello['resume'],
      rooms: { r: {} },
    });
    expect(fresh.hello).toMatchObject({ sid: old.hello['sid'], resumed: true });
    expect(await old.raw.closed()).toBe(3514);
    expect((await bench.publish(fresh, 'r', 1))['pub']).toBeDefined();
  },
);

test('the old socket takes no publish once the session moved, but acknowledges what the log already had', async () => {
  const gateway = await bench.gateway();
  const old = await bench.client(gateway, 'ann');
  stores.faults.outage = true;
  const underway = bench.publish(old, 'r', 1);
  await old.raw.request('who', { room: 'r' });
  await bench.client(gateway, 'ann', { inst: old.inst, resume: old.hello['resume'] });
  expect((await bench.publish(old, 'r', 2)).err).toMatchObject({ code: 115, retry: true });
  expect(old.raw.closeCode).toBeUndefined();
  stores.faults.outage = false;
  expect((await underway)['pub']).toBeDefined();
  expect(await old.raw.closed()).toBe(3514);
});

test('a resume token of somebody else is worth nothing', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const eve = await bench.client(gateway, 'eve', { resume: ann.hello['resume'] });
  expect(eve.hello).toMatchObject({ resumed: false });
  expect(eve.hello['sid']).not.toBe(ann.hello['sid']);
  expect(ann.raw.closeCode).toBeUndefined();
});

test('without Redis the token alone keeps the session', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  stores.memory.down();
  const back = await bench.client(gateway, 'ann', { resume: ann.hello['resume'] });
  expect(back.hello).toMatchObject({ sid: ann.hello['sid'], resumed: true });
  expect(await ann.raw.closed()).toBe(3514);
});
