import { jest } from '@jest/globals';
import { parsePosition } from '@chatplatform/protocol';
import { partOf, valuesOf } from '@chatplatform/redis';
import { until } from '@chatplatform/runtime';
import type { RunningGateway } from '../running-gateway.ts';
import { Bench, twins, type GreetedClient } from '../testing/bench.ts';
import type { RawMessage } from '../testing/raw-client.ts';

// Whole gateways over twins: what a client gets back when Redis does not have it any more.

/** Whole gateways on a machine that may be busy with other tests. */
jest.setTimeout(30_000);

/** As many as the bench has. */
const PARTITIONS = 6;

let bench: Bench;
let stores: ReturnType<typeof twins>;
let ann: GreetedClient;
/** Ids of what ann published, in order. */
let ids: string[];

interface JoinReply {
  msgs: RawMessage[];
  more: boolean;
  head: string;
  recovered: boolean;
  reason?: string;
}

beforeEach(async () => {
  stores = twins();
  bench = await Bench.open(stores);
  const gateway = await bench.gateway();
  ann = await bench.client(gateway, 'ann');
  ids = [];
  for (let n = 1; n <= 5; n += 1) ids.push(await publish(n));
});

afterEach(() => bench.close());

async function publish(n: number): Promise<string> {
  return ((await bench.publish(ann, 'r', n))['pub'] as { id: string }).id;
}

async function join(client: GreetedClient, body: object): Promise<JoinReply> {
  return (await client.raw.request('join', { room: 'r', ...body }))['join'] as JoinReply;
}

async function recoveries(gateway: RunningGateway): Promise<string[]> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith('chat_gateway_recoveries_total{'));
}

test('a client that comes back after Redis lost everything gets what it missed from the log, and what follows', async () => {
  const gateway = await bench.gateway();
  stores.memory.wipe();
  const bob = await bench.client(gateway, 'bob', { rooms: { r: { pos: ids[1] } } });
  const reply = (bob.hello['rooms'] as Record<string, JoinReply>)['r'];
  expect(reply).toMatchObject({ recovered: true, more: false, head: ids[4] });
  expect(reply?.msgs.map(({ d, id, p }) => ({ d, id, p }))).toEqual([
    { d: 3, id: ids[2], p: ids[1] },
    { d: 4, id: ids[3], p: ids[2] },
    { d: 5, id: ids[4], p: ids[3] },
  ]);
  await publish(6);
  await bob.raw.when(() => bob.raw.messages('r').length === 1);
  expect(bob.raw.messages('r').map(({ d }) => d)).toEqual([6]);
  expect(await recoveries(gateway)).toEqual([
    'chat_gateway_recoveries_total{source="kafka",result="complete"} 1',
  ]);
});

test('pages of what was missed follow each other without a hole', async () => {
  const gateway = await bench.gateway();
  stores.memory.wipe();
  const bob = await bench.client(gateway, 'bob');
  const first = await join(bob, { pos: ids[0], limit: 2 });
  expect(first).toMatchObject({ recovered: true, more: true, head: ids[4] });
  const sync = await bob.raw.request('sync', { room: 'r', from: first.msgs.at(-1)?.id, max: 10 });
  const second = sync['sync'] as JoinReply;
  expect(second).toMatchObject({ recovered: true, more: false });
  expect([...first.msgs, ...second.msgs].map(({ d }) => d)).toEqual([2, 3, 4, 5]);
});

test('a room that Redis has forgotten can be joined by who knows nothing of it, next to who came back', async () => {
  const gateway = await bench.gateway();
  stores.memory.wipe();
  await join(await bench.client(gateway, 'bob'), { pos: ids[1] });
  const cleo = await bench.client(gateway, 'cleo');
  expect(await join(cleo, {})).toMatchObject({ head: ids[4], more: true, recovered: true });
  await publish(6);
  await cleo.raw.when(() => cleo.raw.messages('r').length === 1);
});

test('what the log does not have any more is expired', async () => {
  const gateway = await bench.gateway();
  stores.memory.wipe();
  const { partition = 0, offset = 0 } = parsePosition(ids[3] ?? '') ?? {};
  stores.cluster.trim('test.bench.messages', partition, offset);
  const bob = await bench.client(gateway, 'bob');
  expect(await join(bob, { pos: ids[1] })).toMatchObject({ recovered: false, reason: 'expired' });
  expect(await recoveries(gateway)).toEqual([
    'chat_gateway_recoveries_total{source="none",result="expired"} 1',
  ]);
});

test('where workers may refuse messages the log proves nothing', async () => {
  const gateway = await bench.gateway({ moderated: true });
  stores.memory.wipe();
  const bob = await bench.client(gateway, 'bob');
  expect(await join(bob, { pos: ids[1] })).toMatchObject({ recovered: false, reason: 'unverified' });
});

test('without Kafka a client is asked to join again, and loses nothing by it', async () => {
  const gateway = await bench.gateway();
  stores.memory.wipe();
  const bob = await bench.client(gateway, 'bob');
  stores.faults.outage = true;
  expect((await bob.raw.request('join', { room: 'r', pos: ids[1] })).err).toMatchObject({
    code: 114,
    retry: true,
  });
  stores.faults.outage = false;
  expect((await join(bob, { pos: ids[1] })).msgs.map(({ d }) => d)).toEqual([3, 4, 5]);
});

test('while Redis is away a member catches up from the log', async () => {
  const gateway = await bench.gateway();
  const bob = await bench.client(gateway, 'bob');
  await join(bob, { limit: 0 });
  stores.memory.down();
  await publish(6);
  const sync = (await bob.raw.request('sync', { room: 'r', from: ids[3], max: 10 }))['sync'] as JoinReply;
  expect(sync).toMatchObject({ recovered: true, more: false });
  expect(sync.msgs.map(({ d }) => d)).toEqual([5, 6]);
  stores.memory.up();
});

test('a member of an empty room gets what was published there before Redis lost everything', async () => {
  const gateway = await bench.gateway();
  const { keyspace } = stores.memory.open();
  await keyspace.establish({ complete: true });
  const bob = await bench.client(gateway, 'bob');
  const { head } = await join(bob, { room: 'quiet', limit: 0 });
  expect(head).toBe('');
  await bob.raw.request('leave', { room: 'quiet' });
  await bench.publish(ann, 'quiet', 1);
  const late = await bench.gateway();
  stores.memory.wipe();
  await keyspace.establish({ complete: false });
  const back = await join(await bench.client(late, 'bob'), { room: 'quiet', pos: head });
  expect(back).toMatchObject({ recovered: true, more: false });
  expect(back.msgs.map(({ d }) => d)).toEqual([1]);
});

test('a first message that was written before anybody noticed the loss proves nothing', async () => {
  const gateway = await bench.gateway();
  await stores.memory.open().keyspace.establish({ complete: true });
  await bench.publish(ann, 'quiet', 1);
  stores.memory.wipe();
  const bob = await bench.client(gateway, 'bob');
  await join(bob, { room: 'quiet', limit: 0 });
  await bench.publish(ann, 'quiet', 2);
  const back = await join(await bench.client(gateway, 'bob'), { room: 'quiet', pos: '' });
  expect(back).toMatchObject({ recovered: true, more: false });
  expect(back.msgs.map(({ d }) => d)).toEqual([1, 2]);
});

test('what the log cannot prove either is told; who joins then is complete until the next loss', async () => {
  const gateway = await bench.gateway({ moderated: true });
  await lose(3);
  const come = async (to: RunningGateway, pos?: string): Promise<JoinReply> =>
    join(await bench.client(to, 'bob'), { room: 'quiet', pos });
  const told = await come(gateway, '');
  expect(told).toMatchObject({ recovered: false, reason: 'unverified' });
  expect(parsePosition(told.head)?.offset).toBe(2);
  expect((await come(gateway)).head).toBe(told.head);
  const another = await bench.gateway({ moderated: true });
  expect(await come(another, told.head)).toMatchObject({ recovered: true, head: told.head, more: false });
  await lose(4);
  const third = await bench.gateway({ moderated: true });
  expect(await come(third, told.head)).toMatchObject({ recovered: false, reason: 'unverified' });
});

test('joins and syncs wait until values that Redis lost are back, and say why; who wants none does not', async () => {
  const gateway = await bench.gateway({ rooms: [{ prefix: 'board', kind: 'latest' }] });
  const board = { room: 'board:1' };
  const bob = await bench.client(gateway, 'bob');
  const latest = stores.memory.open().latest(epochOf());
  await bench.publish(bob, board.room, 1, { k: 'old', data: 'value' });
  await until(async () => (await latest.all(board.room)).entries.length > 0);
  const { entries } = await latest.all(board.room);
  await join(bob, board);
  await lose(9);
  const carl = await bench.client(
    await bench.gateway({ rooms: [{ prefix: 'board', kind: 'latest' }] }),
    'carl',
  );
  for (const request of [
    carl.raw.request('join', board),
    carl.raw.request('join', { ...board, pos: entries[0]?.id }),
    bob.raw.request('sync', { ...board, from: '' }),
  ]) {
    const { err } = (await request) as { err?: unknown };
    expect(err).toMatchObject({ code: 114, retry: true, msg: expect.stringContaining('message log') });
  }
  expect(await join(carl, { ...board, limit: 0 })).toMatchObject({ msgs: [], recovered: true });
  await carl.raw.request('leave', board);
  const values = entries.map((entry) => ({ ...entry, deleted: false }));
  await latest.restore({ room: board.room, values });
  await note(valuesOf, 0);
  expect(await join(carl, { ...board, pos: entries[0]?.id })).toMatchObject({
    recovered: true,
    msgs: [{ k: 'old', d: 'value' }],
  });
});

/** Redis loses everything, and workers go back to `offset` in all partitions. */
async function lose(offset: number): Promise<void> {
  stores.memory.wipe();
  await stores.memory.open().keyspace.establish({ complete: false });
  await note((part) => part, offset);
}

/** What workers note of all partitions in this life of Redis. */
async function note(of: (part: string) => string, offset: number): Promise<void> {
  const { keyspace } = stores.memory.open();
  const { generation } = await keyspace.state();
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const part = partOf(epochOf(), 'test.bench.messages', partition);
    await keyspace.setHorizon(of(part), { life: generation?.life ?? '', offset });
  }
}

function epochOf(): string {
  return parsePosition(ids[0] ?? '')?.epoch ?? '';
}
