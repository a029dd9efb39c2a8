import { jest } from '@jest/globals';
import { Bench } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});

afterEach(() => bench.close());

test('who comes and who says goodbye is told, across gateways', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  const came = await ann.raw.until((line) => JSON.stringify(line['pr'] ?? '').includes('"bob"'));
  expect(came['pr']).toEqual({ r: 'r', join: expect.arrayContaining(['bob']), occ: 2 });
  await bob.raw.close(1000);
  const left = await ann.raw.until(
    (line) => (line['pr'] as { leave?: string[] } | undefined)?.leave !== undefined,
  );
  expect(left['pr']).toEqual({ r: 'r', leave: ['bob'], occ: 1 });
});

test('a lost connection that comes back is no leave', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(gateway, 'bob', { rooms: { r: {} } });
  bob.raw.socket.terminate();
  const back = await bench.client(gateway, 'bob', { resume: bob.hello['resume'], rooms: { r: {} } });
  expect((await back.raw.request('who', { room: 'r' }))['who']).toMatchObject({ occ: 2 });
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(ann.raw.pushes.filter((line) => (line['pr'] as { leave?: unknown } | undefined)?.leave)).toEqual([]);
});

test('who lists users with devices and their status', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  await bench.client(gateway, 'ann', { rooms: { r: {} } });
  await bench.client(gateway, 'bob', { rooms: { r: {} } });
  await ann.raw.request('set', { info: { status: 'busy' } });
  const { who } = await ann.raw.request('who', { room: 'r' });
  expect(who).toMatchObject({
    occ: 2,
    users: [
      { u: 'ann', dev: 2, info: { status: 'busy' } },
      { u: 'bob', dev: 1 },
    ],
  });
});

test('typing reaches the others at once, and is not repeated within three seconds', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  for (let n = 0; n < 3; n += 1) ann.raw.raw(JSON.stringify({ typing: { room: 'r', on: true } }));
  ann.raw.raw(JSON.stringify({ typing: { room: 'r', on: false } }));
  await bob.raw.until((line) => (line['ty'] as { on?: boolean } | undefined)?.on === false);
  const seen = bob.raw.pushes.filter((line) => line['ty'] !== undefined).map((line) => line['ty']);
  expect(seen).toEqual([
    { r: 'r', u: 'ann', on: true },
    { r: 'r', u: 'ann', on: false },
  ]);
});

test('the personal room belongs to its user alone', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const bob = await bench.client(gateway, 'bob');
  expect((await bob.raw.request('join', { room: '@ann' })).err).toMatchObject({ code: 103 });
  expect((await bench.publish(bob, '@ann', 1))['pub']).toBeDefined();
  await ann.raw.when(() => ann.raw.messages('@ann').length === 1);
  expect(bob.raw.messages('@ann')).toEqual([]);
});
