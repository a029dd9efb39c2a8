import { formatPosition } from '@chatplatform/protocol';
import { ManualClock } from '@chatplatform/runtime';
import { memoryRedis } from '@chatplatform/redis';
import { catchUp } from './catch-up.ts';
import { SharedHistory } from './history.ts';
import { LocalRoom } from './local-room.ts';
import { RingBudget } from './ring.ts';
import { roomHistory } from './room-history.ts';

const EPOCH = 'epoch0';
const idOf = (offset: number): string => formatPosition(EPOCH, 3, offset);

/** `begins`: where a room without messages does; `null` when that cannot be told. */
async function roomWithHistory(offsets: number[], begins: string | null = '') {
  const redis = memoryRedis().open();
  const history = redis.history(EPOCH);
  const messages = offsets.map((offset) => {
    const id = idOf(offset);
    return { id, offset, inst: 'i', n: offset + 1, ts: 1, frame: `{"m":{"r":"room","id":"${id}","p":"?"}}` };
  });
  await history.append({ room: 'room', messages, firstPrevious: '' });
  const room = new LocalRoom('room', {
    clock: new ManualClock(),
    budget: new RingBudget(),
    deliver: () => undefined,
    readAfter: () => Promise.reject(new Error('unused')),
    count: () => undefined,
  });
  const reads = { heads: 0, newest: 0 };
  const source = roomHistory({
    history,
    latest: redis.latest(EPOCH),
    refill: { after: () => Promise.resolve({ entries: [], more: false, head: '', lost: true }) },
    beginnings: {
      of: () => Promise.resolve(begins ?? undefined),
      ofValues: () => Promise.resolve(begins ?? undefined),
    },
    isLatest: () => false,
  });
  const shared = new SharedHistory({
    ...source,
    newest: (name, max) => {
      reads.newest += 1;
      return source.newest(name, max);
    },
    heads: (names) => {
      reads.heads += 1;
      return source.heads(names);
    },
  });
  const ask = (pos: string | undefined, limit: number) =>
    catchUp(room, shared, { pos, limit, log: idOf(0).slice(0, 9) });
  return Object.assign(ask, { room, reads });
}

test('a returning member that wants no messages is told that some remain, not that they are lost', async () => {
  const ask = await roomWithHistory([0, 1, 2]);
  expect(await ask(idOf(0), 0)).toMatchObject({ entries: [], more: true, recovered: true, head: idOf(2) });
  expect(await ask(idOf(2), 0)).toMatchObject({ entries: [], more: false, recovered: true });
});

test('a page of what follows the position says whether more remains', async () => {
  const ask = await roomWithHistory([0, 1, 2]);
  const page = await ask(idOf(0), 1);
  expect(page.entries.map((entry) => entry.id)).toEqual([idOf(1)]);
  expect(page).toMatchObject({ more: true, recovered: true });
});

test('a position of another log is answered with the newest messages and the reason', async () => {
  const ask = await roomWithHistory([0, 1, 2]);
  const foreign = formatPosition('epoch9', 3, 0);
  expect(await ask(foreign, 2)).toMatchObject({ recovered: false, reason: 'epoch', head: idOf(2) });
});

test('who wants no messages costs one read of the head, the first time', async () => {
  const ask = await roomWithHistory([0, 1, 2]);
  const first = await ask(undefined, 0);
  expect(first).toMatchObject({ entries: [], more: true, recovered: true, head: idOf(2) });
  ask.room.seed(first.head);
  expect(await ask(undefined, 0)).toMatchObject({ entries: [], more: true, head: idOf(2) });
  expect(ask.reads).toEqual({ heads: 1, newest: 0 });
});

test('a room without messages has none before, and its head is the beginning', async () => {
  const ask = await roomWithHistory([]);
  expect(await ask(undefined, 0)).toMatchObject({ entries: [], more: false, recovered: true, head: '' });
});

test('the newest messages come from the ring when it has as many, else from the history', async () => {
  const ask = await roomWithHistory([0, 1, 2]);
  ask.room.seed(idOf(0));
  for (const offset of [1, 2])
    ask.room.accept({ id: idOf(offset), p: idOf(offset - 1), frame: `{"m":{"id":"${idOf(offset)}"}}` });
  const two = await ask(undefined, 2);
  expect(two.entries.map(({ id }) => id)).toEqual([idOf(1), idOf(2)]);
  expect(two).toMatchObject({ more: true, head: idOf(2), recovered: true, source: 'ring' });
  expect(ask.reads.newest).toBe(0);
  const three = await ask(undefined, 3);
  expect(three.entries.map(({ id }) => id)).toEqual([idOf(0), idOf(1), idOf(2)]);
  expect(three).toMatchObject({ more: false, source: 'redis' });
});

test('a room that looks for what it missed is not asked what is newest', async () => {
  const ask = await roomWithHistory([0, 1, 2, 3]);
  ask.room.seed(idOf(0));
  ask.room.accept({ id: idOf(3), p: idOf(2), frame: '{}' });
  expect(ask.room.repairing).toBe(true);
  expect(await ask(undefined, 0)).toMatchObject({ head: idOf(3), source: 'redis' });
});

test('a room of which Redis knows nothing is complete for who is where it begins, and for nobody else', async () => {
  const begins = idOf(6);
  const ask = await roomWithHistory([], begins);
  expect(await ask(undefined, 5)).toMatchObject({
    entries: [],
    recovered: true,
    head: begins,
    vacancy: 'known',
  });
  expect(await ask(undefined, 0)).toMatchObject({
    more: false,
    recovered: true,
    head: begins,
    vacancy: 'known',
  });
  expect(await ask(begins, 5)).toMatchObject({ entries: [], recovered: true, head: begins });
  for (const pos of ['', idOf(3), idOf(9)])
    expect(await ask(pos, 5)).toMatchObject({ recovered: false, reason: 'expired', head: begins });
});

test('while nobody knows what Redis lost, an empty room proves nothing to who comes back', async () => {
  const ask = await roomWithHistory([], null);
  expect(await ask('', 5)).toMatchObject({ recovered: false, head: '' });
  const first = await ask(undefined, 5);
  expect(first).toMatchObject({ recovered: true, head: '', vacancy: 'unknown' });
  // Who came first proves nothing to who comes next.
  ask.room.seed(first.head, first.vacancy);
  expect(await ask('', 5)).toMatchObject({ recovered: false, head: '' });
  ask.room.seed(idOf(6), 'known');
  expect(await ask(undefined, 0)).toMatchObject({ head: idOf(6), vacancy: 'known' });
  expect(await ask(idOf(6), 5)).toMatchObject({ recovered: true, source: 'ring' });
});

test('a vacant room begins later when Redis lost everything, one with a message here does not', async () => {
  const ask = await roomWithHistory([], idOf(6));
  ask.room.seed('', 'known');
  ask.room.seed(idOf(6), 'known');
  expect(ask.room.last).toBe(idOf(6));
  ask.room.seed(idOf(4), 'known');
  expect(ask.room.last).toBe(idOf(6));
  ask.room.accept({ id: idOf(7), p: idOf(6), frame: '{}' });
  ask.room.seed(idOf(9), 'known');
  expect(ask.room.last).toBe(idOf(7));
});

test('the ring believes what was delivered, not what a worker that had forgotten it says came before', async () => {
  const ask = await roomWithHistory([], null);
  ask.room.seed(idOf(3));
  ask.room.accept({ id: idOf(7), p: '', frame: '{}' });
  expect(await ask(idOf(3), 5)).toMatchObject({ recovered: true, source: 'ring', head: idOf(7) });
  expect(await ask('', 5)).toMatchObject({ recovered: false });
});

test('who joined elsewhere after Redis forgot the room joins where its last message is known', async () => {
  const ask = await roomWithHistory([], idOf(6));
  ask.room.seed(idOf(3));
  expect(await ask(idOf(6), 5)).toMatchObject({
    entries: [],
    recovered: true,
    head: idOf(3),
    vacancy: undefined,
  });
  expect(await ask(undefined, 0)).toMatchObject({ head: idOf(3), vacancy: undefined });
});
