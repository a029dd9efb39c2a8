import { Bench, type GreetedClient } from '../testing/bench.ts';
import type { Line } from '../testing/raw-client.ts';

// Rooms that keep the newest value of each key, over a real socket.

interface Value {
  k: string;
  id: string;
  d: unknown;
}

interface Reply {
  head: string;
  msgs: Value[];
  more: boolean;
  recovered: boolean;
  reason?: string;
}

const ROOM = 'board:1';

let bench: Bench;
let setter: GreetedClient;
let n: number;

beforeEach(async () => {
  bench = await Bench.open();
  await bench.gateway({ rooms: [{ prefix: 'board', kind: 'latest' }] });
  setter = await enter('setter');
  n = 0;
});

afterEach(() => bench.close());

function enter(user: string, hello: object = {}): Promise<GreetedClient> {
  const [gateway] = bench.gateways;
  if (gateway === undefined) throw new Error('no gateway');
  return bench.client(gateway, user, hello);
}

/** Resolves with the id. */
async function set(k: string, data: unknown): Promise<string> {
  n += 1;
  const reply = await bench.publish(setter, ROOM, n, { k, data });
  return (reply['pub'] as { id: string }).id;
}

async function join({ raw }: GreetedClient, more: object = {}): Promise<Reply> {
  return (await raw.request('join', { room: ROOM, ...more }))['join'] as Reply;
}

function values({ raw }: GreetedClient): Value[] {
  return raw.lines.flatMap((line: Line) => ('v' in line ? [line['v'] as Value] : []));
}

function pairs(all: readonly Value[]): [string, unknown][] {
  return all.map(({ k, d }) => [k, d]);
}

/** Applies pushes as a client does: newer ids only, null deletes. */
function table(all: readonly Value[]): Record<string, unknown> {
  const known = new Map<string, Value>();
  for (const value of all) if (value.id > (known.get(value.k)?.id ?? '')) known.set(value.k, value);
  return Object.fromEntries(pairs([...known.values()].filter(({ d }) => d !== null)));
}

async function settled(client: GreetedClient, id: string): Promise<void> {
  await client.raw.until((line) => (line['v'] as Value | undefined)?.id === id);
}

test('a join names every key that has a value, whatever limit it asks for; without the right to the past none', async () => {
  await set('a', 1);
  await set('b', 2);
  await set('gone', 3);
  await set('a', { deep: ['ü', 4] });
  const watcher = await enter('watcher');
  await join(watcher);
  const last = await set('gone', null);
  await settled(watcher, last);
  const late = await enter('late');
  const reply = await join(late, { limit: 1 });
  expect(pairs(reply.msgs)).toEqual([
    ['b', 2],
    ['a', { deep: ['ü', 4] }],
  ]);
  expect(reply).toMatchObject({ head: last, more: false, recovered: true });
  const [gateway] = bench.gateways;
  if (gateway === undefined) throw new Error('no gateway');
  const stranger = await bench.dial(gateway);
  const token = await bench.token('stranger', { caps: { '**': ['join'] } });
  await stranger.request('hello', { token, inst: bench.inst(), caps: [], sdk: 'test' });
  const own = (await stranger.request('join', { room: ROOM }))['join'] as Reply;
  expect(own.msgs).toEqual([]);
});

test('who returns gets every key again, however little it missed, so that it can tell what was deleted', async () => {
  const first = await set('a', 1);
  const second = await set('b', 2);
  const watcher = await enter('watcher');
  await join(watcher);
  const third = await set('a', null);
  await settled(watcher, third);
  for (const pos of ['', first, second, third]) {
    const returned = await enter(`returned`, { rooms: { [ROOM]: { pos } } });
    const { [ROOM]: reply } = returned.hello['rooms'] as Record<string, Reply>;
    expect(reply).toMatchObject({ head: third, more: false, recovered: true });
    expect(pairs(reply?.msgs ?? [])).toEqual([['b', 2]]);
    returned.raw.socket.terminate();
  }
  const { sync } = (await watcher.raw.request('sync', { room: ROOM, from: second })) as { sync: Reply };
  expect(sync).toMatchObject({ head: third, more: false, recovered: true });
  expect(pairs(sync.msgs)).toEqual([['b', 2]]);
  const { hist } = (await watcher.raw.request('hist', { room: ROOM, before: third, max: 10 })) as {
    hist: Reply;
  };
  expect(hist.msgs).toEqual([]);
});

test('a value or a deletion whose push was lost reaches the members with the next one', async () => {
  const watcher = await enter('watcher');
  await join(watcher);
  await settled(watcher, await set('a', 1));
  bench.worker.loses = () => true;
  await set('b', 2);
  await set('a', null);
  bench.worker.loses = () => false;
  await settled(watcher, await set('c', 3));
  expect(table(values(watcher))).toEqual({ b: 2, c: 3 });
});

test('a key may hold whatever JSON can', async () => {
  const watcher = await enter('watcher');
  await join(watcher);
  const keys = ['with space', 'quote " and \\', ',"id":"', 'ü\n'];
  for (const key of keys) await set(key, 1);
  await settled(watcher, await set('last', 1));
  expect(values(watcher).map(({ k }) => k)).toEqual([...keys, 'last']);
});

test('a burst of values ends with the newest of each key', async () => {
  const watcher = await enter('watcher');
  await join(watcher);
  const sent = Array.from({ length: 24 }, (_, at) => set(at % 3 === 0 ? 'a' : 'b', at));
  const ids = await Promise.all(sent);
  await settled(watcher, ids.toSorted().at(-1) as string);
  expect(table(values(watcher))).toEqual({ a: 21, b: 23 });
});
