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
  const shared = new SharedHistory({
    after: (name, from, max) => history.after(name, from, max),
    newest: (name, max) => history.newest(name, max),
    before: () => Promise.reject(new Error('unused')),
    heads: () => Promise.reject(new Error('unused')),
  });
  return (pos: string | undefined, limit: number) =>
    catchUp(room, shared, { pos, limit, log: idOf(0).slice(0, 9) });
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
