import { jest } from '@jest/globals';
import type { Kafka } from '@chatplatform/kafka';
import { Bench, twins } from './testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;
let stores: ReturnType<typeof twins>;

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
});

afterEach(() => bench.close());

test('without Redis publishes are still acknowledged, and everything arrives once it is back', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(gateway, 'bob', { rooms: { r: {} } });
  stores.memory.down();
  await bob.raw.until((line) =>
    JSON.stringify(line['degraded'] ?? '').includes('"parts":["history","presence"]'),
  );
  expect((await bench.publish(ann, 'r', 1))['pub']).toMatchObject({ dup: false });
  expect((await bob.raw.request('join', { room: 'other' })).err).toMatchObject({ code: 114, retry: true });
  stores.memory.up();
  await bob.raw.until((line) => JSON.stringify(line['degraded']) === '{"parts":[]}');
  await bob.raw.when(() => bob.raw.messages('r').length === 1);
  expect((await bob.raw.request('join', { room: 'other' }))['join']).toBeDefined();
});

/** Gives up on a record after a second instead of ten. */
function impatient(kafka: Kafka): Kafka {
  return {
    producer: () => kafka.producer({ deadlineMs: 1000 }),
    consumer: () => kafka.consumer(),
    admin: () => kafka.admin(),
    logReader: () => kafka.logReader(),
    close: () => kafka.close(),
  };
}

test('without Kafka publishes are refused with a time to try again, and rooms go on', async () => {
  const gateway = await bench.gateway({}, { kafka: impatient(stores.kafka()) });
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  stores.faults.outage = true;
  ann.raw.raw(JSON.stringify({ i: 91, pub: { room: 'r', cid: `${ann.inst}.1`, data: 1 } }));
  await ann.raw.until((line) => JSON.stringify(line['degraded'] ?? '').includes('"parts":["publish"]'));
  const refused = await ann.raw.until((line) => line.i === 91);
  expect(refused.err).toMatchObject({ code: 114, retry: true, after: expect.any(Number) });
  expect((await ann.raw.request('who', { room: 'r' }))['who']).toMatchObject({ occ: 1 });
  // A later one is not let past the failed one.
  expect((await bench.publish(ann, 'r', 2)).err).toMatchObject({ code: 114 });
  stores.faults.outage = false;
  await ann.raw.until((line) => JSON.stringify(line['degraded']) === '{"parts":[]}');
  expect((await bench.publish(ann, 'r', 1, { re: 100 }))['pub']).toMatchObject({ dup: false });
  expect((await bench.publish(ann, 'r', 2, { re: 90 }))['pub']).toMatchObject({ dup: false });
  await ann.raw.when(() => ann.raw.messages('r').length === 2);
  expect(ann.raw.messages('r').map((m) => m.d)).toEqual([1, 2]);
}, 20_000);

test('lines that the pub/sub lost are read back before anything newer is pushed', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  let lost = 0;
  bench.worker.loses = () => (lost += 1) % 2 === 1;
  for (let n = 1; n <= 6; n += 1) await bench.publish(ann, 'r', n);
  await ann.raw.when(() => ann.raw.messages('r').length === 6);
  expect(ann.raw.messages('r').map((m) => m.d)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a lost inbox is noticed by its numbers, also when the room stays quiet', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  await bench.publish(ann, 'r', 1);
  await ann.raw.when(() => ann.raw.messages('r').length === 1);
  stores.memory.setHeard(gateway.incarnation, false);
  await bench.publish(ann, 'r', 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stores.memory.setHeard(gateway.incarnation, true);
  // The worker's next heartbeat tells a number that is too high.
  await ann.raw.when(() => ann.raw.messages('r').length === 2);
  expect(ann.raw.messages('r').map((m) => m.d)).toEqual([1, 2]);
});

test('a client that came while Redis was away gets its personal room once it is back', async () => {
  const gateway = await bench.gateway();
  stores.memory.down();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  expect(ann.hello['rooms']).toMatchObject({ r: { err: { code: 114, retry: true } } });
  stores.memory.up();
  const bob = await bench.client(gateway, 'bob');
  await new Promise((resolve) => setTimeout(resolve, 3500));
  await bench.publish(bob, '@ann', 1);
  await ann.raw.when(() => ann.raw.messages('@ann').length === 1);
}, 15_000);

test('after Redis lost everything the gateway says again what is true', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {} } });
  stores.memory.down();
  stores.memory.wipe();
  stores.memory.up();
  await ann.raw.until((line) => JSON.stringify(line['degraded']) === '{"parts":[]}');
  const occ = async (): Promise<number> =>
    ((await ann.raw.request('who', { room: 'r' }))['who'] as { occ: number }).occ;
  const deadline = Date.now() + 8000;
  while ((await occ()) !== 1 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 250));
  expect(await occ()).toBe(1);
  await bench.publish(ann, 'r', 1);
  await ann.raw.when(() => ann.raw.messages('r').length === 1);
}, 15_000);
