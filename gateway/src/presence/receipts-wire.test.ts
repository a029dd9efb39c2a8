import { jest } from '@jest/globals';
import type { Line } from '../testing/raw-client.ts';
import { Bench, type GreetedClient } from '../testing/bench.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});

afterEach(() => bench.close());

const hasRead = (user: string, id: string) => (line: Line) =>
  (line['rc'] as { read?: Record<string, string> } | undefined)?.read?.[user] === id;

async function published(client: GreetedClient, room: string, n: number): Promise<string> {
  const { pub } = await bench.publish(client, room, n);
  return (pub as { id: string }).id;
}

test('watermarks reach the members on every gateway, and who joins later', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  const id = await published(ann, 'r', 1);
  bob.raw.raw(JSON.stringify({ ack: { r: { r: id } } }));
  await ann.raw.until(
    (line) => (line['rc'] as { delivered?: Record<string, string> } | undefined)?.delivered?.['bob'] === id,
  );
  expect((await bob.raw.request('read', { r: { r: id } }))['read']).toEqual({});
  await ann.raw.until(hasRead('bob', id));
  const cid = await bench.client(one, 'cid', { rooms: { r: {} } });
  await cid.raw.until(hasRead('bob', id));
  const dan = await bench.client(two, 'dan');
  await dan.raw.request('join', { room: 'r' });
  await dan.raw.until(hasRead('bob', id));
});

test('nobody has read what is not written yet; what no gateway has delivered yet may have been read', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const ann = await bench.client(one, 'ann', { rooms: { r: {} } });
  const bob = await bench.client(two, 'bob', { rooms: { r: {} } });
  const id = await published(ann, 'r', 1);
  const beyond = `${id.slice(0, -3)}zzz`;
  expect((await bob.raw.request('read', { r: { r: beyond } })).err).toMatchObject({
    code: 112,
    msg: expect.stringContaining('above everything written'),
  });
  bob.raw.raw(JSON.stringify({ ack: { r: { r: beyond } } }));
  // What arrives at no gateway is in the log all the same, and its sender knows its id.
  bench.worker.loses = () => true;
  const next = await published(ann, 'r', 2);
  expect((await bob.raw.request('read', { r: { r: next } }))['read']).toEqual({});
  await ann.raw.until(hasRead('bob', next));
  const marks = ann.raw.pushes.map(
    (line) => line['rc'] as { delivered?: Record<string, string> } | undefined,
  );
  expect(marks.filter((rc) => rc?.delivered?.['bob'] === beyond)).toEqual([]);
});

test('a member that does not ask for receipts is told of none', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann', { rooms: { r: { classes: ['msg'] } } });
  const bob = await bench.client(gateway, 'bob', { rooms: { r: {} } });
  const id = await published(ann, 'r', 1);
  await ann.raw.request('read', { r: { r: id } });
  await bob.raw.until(hasRead('ann', id));
  expect(ann.raw.pushes.filter((line) => line['rc'] !== undefined)).toEqual([]);
});

test('a read is refused where receipts are off, in a room not joined, and with a position of another log', async () => {
  const gateway = await bench.gateway({ rooms: [{ prefix: 'quiet', receipts: false }] });
  const ann = await bench.client(gateway, 'ann', { rooms: { r: {}, 'quiet:r': {} } });
  const id = await published(ann, 'r', 1);
  const quiet = await published(ann, 'quiet:r', 1);
  const refused = await ann.raw.request('read', { r: { 'quiet:r': quiet } });
  expect(refused.err).toMatchObject({ code: 104, msg: expect.stringContaining('receipts are not enabled') });
  expect((await ann.raw.request('read', { r: { r: id, other: id } })).err).toMatchObject({ code: 102 });
  expect((await ann.raw.request('read', { r: { r: `zzzzzz${id.slice(6)}` } })).err).toMatchObject({
    code: 112,
  });
  expect(ann.raw.pushes.filter((line) => line['rc'] !== undefined)).toEqual([]);
});
