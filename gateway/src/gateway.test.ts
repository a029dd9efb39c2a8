import { jest } from '@jest/globals';
import { Bench, type GreetedClient } from './testing/bench.ts';
import type { RawMessage } from './testing/raw-client.ts';

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});

afterEach(() => bench.close());

async function publish(client: GreetedClient, room: string, n: number, data: unknown = n) {
  return (await bench.publish(client, room, n, { data }))['pub'] as { id: string; ts: number; dup: boolean };
}

test('a message reaches everybody in the room with the id of its acknowledgement', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const bob = await bench.client(gateway, 'bob');
  await ann.raw.request('join', { room: 'team:1' });
  const joined = await bob.raw.request('join', { room: 'team:1' });
  expect(joined['join']).toMatchObject({ head: '', msgs: [], more: false, recovered: true, occ: 2 });
  const { id } = await publish(ann, 'team:1', 1, { text: 'hello' });
  for (const { raw } of [ann, bob]) {
    await raw.when(() => raw.messages('team:1').length === 1);
    expect(raw.messages('team:1')[0]).toMatchObject({ id, p: '', u: 'ann', d: { text: 'hello' } });
  }
});

test('messages cross gateways in one order', async () => {
  const [one, two] = [await bench.gateway(), await bench.gateway()];
  const clients = [await bench.client(one, 'ann'), await bench.client(two, 'bob')];
  for (const { raw } of clients) await raw.request('join', { room: 'r' });
  await Promise.all(
    clients.flatMap((client) => Array.from({ length: 50 }, (_, n) => publish(client, 'r', n + 1))),
  );
  const seen: RawMessage[][] = [];
  for (const { raw } of clients) {
    await raw.when(() => raw.messages('r').length >= 100);
    seen.push(raw.messages('r'));
  }
  expect(seen[0]).toEqual(seen[1]);
  const ids = seen[0]?.map((m) => m.id) ?? [];
  expect(new Set(ids).size).toBe(100);
  expect(seen[0]?.slice(1).map((m) => m.p)).toEqual(ids.slice(0, -1));
});

test('a returning client gets what it missed in the reply to its hello', async () => {
  const gateway = await bench.gateway();
  const ann = await bench.client(gateway, 'ann');
  const bob = await bench.client(gateway, 'bob', { rooms: { r: {} } });
  const first = await publish(ann, 'r', 1);
  await bob.raw.when(() => bob.raw.messages('r').length === 1);
  bob.raw.socket.terminate();
  await publish(ann, 'r', 2);
  const back = await bench.client(gateway, 'bob', {
    resume: bob.hello['resume'],
    rooms: { r: { pos: first.id } },
  });
  expect(back.hello).toMatchObject({ sid: bob.hello['sid'], resumed: true });
  const room = (back.hello['rooms'] as Record<string, { msgs: RawMessage[]; recovered: boolean }>)['r'];
  await back.raw.when(() => (room?.msgs.length ?? 0) + back.raw.messages('r').length === 1);
  expect(room).toMatchObject({ recovered: true, more: false });
});
