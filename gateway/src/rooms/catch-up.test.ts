import { formatPosition } from '@chatplatform/protocol';
import { ManualClock } from '@chatplatform/runtime';
import { memoryRedis } from '@chatplatform/redis';
import { catchUp } from './catch-up.ts';
import { SharedHistory } from './history.ts';
import { LocalRoom } from './local-room.ts';
import { RingBudget } from './ring.ts';

const EPOCH = 'epoch0';
const idOf = (offset: number): string => formatPosition(EPOCH, 3, offset);

async function roomWithHistory(offsets: number[]) {
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
  const shared = new SharedHistory({
    after: (name, from, max) => history.after(name, from, max),
    newest: (name, max) => {
      reads.newest += 1;
      return history.newest(name, max);
    },
    before: () => Promise.reject(new Error('unused')),
    heads: (names) => {
      reads.heads += 1;
      return history.heads(names);
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
