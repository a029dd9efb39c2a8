import { formatPosition } from '@chatplatform/protocol';
import { memoryRedis, type LatestMessage } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { catchUp, type CatchUp } from './catch-up.ts';
import { SharedHistory } from './history.ts';
import { LocalRoom } from './local-room.ts';
import { RingBudget } from './ring.ts';
import { NotRestored, ValueHistory } from './value-history.ts';

const EPOCH = 'epoch1';
const ROOM = 'board:1';
const idOf = (offset: number): string => formatPosition(EPOCH, 3, offset);

function value(offset: number, k: string, data: unknown): LatestMessage {
  const [id, frame] = [idOf(offset), JSON.stringify({ v: { k, id: idOf(offset), d: data } })];
  return { id, offset, inst: 'i', n: offset + 1, ts: offset, k, frame, deleted: data === null };
}

/** A room with values at the offsets 1 (one) and 2 (two), of which workers go on at 10. */
async function setUp(o: { restoredFrom?: string; begins?: string | undefined }) {
  const latest = memoryRedis().open().latest(EPOCH);
  await latest.restore({ room: ROOM, values: [value(1, 'one', 1), value(2, 'two', 2)] });
  const begins = 'begins' in o ? o.begins : idOf(9);
  const beginnings = {
    of: () => Promise.resolve(begins),
    ofValues: () => Promise.resolve(o.restoredFrom),
  };
  const append = (message: LatestMessage) =>
    latest.append({ room: ROOM, messages: [message], firstPrevious: idOf(9) });
  return { append, history: new ValueHistory({ latest, beginnings }) };
}

const ids = ({ entries }: { entries: readonly { id: string }[] }): string[] => entries.map(({ id }) => id);

test('until the values from before a loss are back nobody gets the others; who wants none need not wait', async () => {
  const { history } = await setUp({});
  await expect(history.newest(ROOM, 50)).rejects.toThrow(NotRestored);
  expect(await history.newest(ROOM, 0)).toMatchObject({ head: idOf(9), vacancy: 'known' });
  await expect(history.after(ROOM, idOf(2))).rejects.toThrow(NotRestored);
  // What follows where workers go on is all in Redis.
  expect(await history.after(ROOM, idOf(9))).toMatchObject({ entries: [], lost: false, head: idOf(9) });
});

test('values that are all back prove themselves to everybody; the room begins behind them', async () => {
  const { history, append } = await setUp({ restoredFrom: '' });
  const page = await history.newest(ROOM, 50);
  expect(ids(page)).toEqual([idOf(1), idOf(2)]);
  expect(page).toMatchObject({ head: idOf(9), vacancy: 'known', provenFrom: '' });
  expect(await history.after(ROOM, idOf(1))).toMatchObject({ lost: false, head: idOf(9) });
  await append(value(12, 'one', null));
  const later = await history.newest(ROOM, 50);
  expect(ids(later)).toEqual([idOf(2)]);
  expect(later).toMatchObject({ head: idOf(12), provenFrom: '' });
  expect(later.vacancy).toBeUndefined();
  expect(ids(await history.after(ROOM, idOf(1)))).toEqual([idOf(2), idOf(12)]);
});

test('of a log that begins later only who was here since the loss is known to lack nothing', async () => {
  const { history } = await setUp({ restoredFrom: idOf(1) });
  expect(await history.newest(ROOM, 50)).toMatchObject({ provenFrom: idOf(9) });
  expect(await history.after(ROOM, idOf(0))).toMatchObject({ lost: true });
  expect(await history.after(ROOM, idOf(1))).toMatchObject({ lost: false });
});

test('while nobody says where the room begins its newest value is its head', async () => {
  const { history } = await setUp({ restoredFrom: '', begins: undefined });
  const page = await history.newest(ROOM, 50);
  expect(page).toMatchObject({ head: idOf(2), provenFrom: '' });
  expect(page.vacancy).toBeUndefined();
});

/** What who joins gets, in a room that has delivered everything up to `last` here. */
async function joining(history: ValueHistory, last: string, pos?: string): Promise<CatchUp> {
  const room = new LocalRoom(ROOM, {
    clock: new ManualClock(),
    budget: new RingBudget(),
    deliver: () => undefined,
    readAfter: () => Promise.reject(new Error('unused')),
    count: () => undefined,
  });
  room.seed(last);
  const unused = () => Promise.reject(new Error('unused'));
  const source = {
    newest: (name: string, max: number) => history.newest(name, max),
    after: unused,
    before: unused,
    heads: unused,
    beginning: unused,
  };
  const log = idOf(0).slice(0, 9);
  return catchUp(room, new SharedHistory(source), { pos, limit: 50, log, latest: true });
}

test('a room that went on here joins others where it is, when what came last is there or gone by age', async () => {
  const whole = await setUp({ restoredFrom: '' });
  expect(await joining(whole.history, idOf(2))).toMatchObject({ head: idOf(2), vacancy: undefined });
  const cut = await setUp({ restoredFrom: idOf(6) });
  expect(await joining(cut.history, idOf(5))).toMatchObject({ head: idOf(5), vacancy: undefined });
});

test('a Redis that lacks what was delivered here lets nobody join at its own end', async () => {
  const { history } = await setUp({ restoredFrom: '', begins: '' });
  // Neither a head that was delivered here nor a vacant room: the joiner waits until workers have brought it up.
  expect((await joining(history, idOf(7))).head).toBe(idOf(2));
});

test('who comes back is told of values that may have left the log, and of nothing else', async () => {
  const whole = await setUp({ restoredFrom: '' });
  for (const pos of ['', idOf(1), idOf(9)])
    expect(await joining(whole.history, '', pos)).toMatchObject({ recovered: true });
  const cut = await setUp({ restoredFrom: idOf(1) });
  expect(await joining(cut.history, '', idOf(2))).toMatchObject({ recovered: false, reason: 'expired' });
  expect(await joining(cut.history, '', idOf(9))).toMatchObject({ recovered: true });
  expect(await joining(cut.history, '')).toMatchObject({ recovered: true });
});
