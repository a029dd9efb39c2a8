import { ManualClock, seededRandom } from '@chatplatform/runtime';
import type { ChatClient } from '../chat-client.ts';
import { connect } from '../connect.ts';
import { at, history, message, push, ScriptedGateway } from '../testing/scripted-gateway.ts';
import { watchPresence } from './presence-list.ts';

let clock: ManualClock;
let gateway: ScriptedGateway;
let client: ChatClient;

beforeEach(async () => {
  clock = new ManualClock(1_760_000_000_000);
  gateway = new ScriptedGateway();
  client = connect({
    url: 'ws://platform',
    token: 'token',
    transport: gateway.transport,
    clock,
    random: seededRandom(1),
  });
  await clock.advance(0);
  gateway.socket.welcome();
});

afterEach(() => client.close());

async function reconnect(rooms: object): Promise<void> {
  gateway.socket.close(1006);
  await clock.advance(2_000);
  gateway.socket.welcome({ rooms });
}

/** A value of a latest-value room, set by the message at an offset. */
function value(offset: number, k: string, d: unknown): object {
  return { r: 'board', k, id: at(offset), t: 1, d };
}

function snapshot(values: readonly object[], head: number): object {
  return { head: at(head), msgs: values, more: false, recovered: true, occ: 1 };
}

describe('a latest-value room', () => {
  test('keeps the newest value of each key, whatever order they come in', async () => {
    const board = client.join<number>('board');
    const told: unknown[] = [];
    board.on('value', ({ key, data }) => told.push([key, data]));
    gateway.socket.reply(gateway.socket.last('join'), snapshot([value(1, 'a', 10), value(2, 'b', 20)], 2));
    gateway.socket.send({ v: value(5, 'a', 50) }, { v: value(4, 'a', 40) }, { v: value(6, 'b', null) });
    gateway.socket.send({ v: value(3, 'b', 30) });
    expect(told).toEqual([
      ['a', 10],
      ['b', 20],
      ['a', 50],
      ['b', null],
    ]);
    expect([...board.values.keys()]).toEqual(['a']);
    expect(board.get('a')).toMatchObject({ key: 'a', data: 50, id: at(5) });
    expect(board.get('b')).toBeUndefined();
  });

  test('asks again for the values that had no room in the reply', () => {
    const board = client.join('board');
    const cut = { ...snapshot([value(1, 'a', 1)], 2), more: true };
    gateway.socket.reply(gateway.socket.last('join'), cut);
    expect([...board.values.keys()]).toEqual(['a']);
    gateway.socket.reply(gateway.socket.last('sync'), snapshot([value(1, 'a', 1), value(2, 'b', 2)], 2));
    expect([...board.values.keys()]).toEqual(['a', 'b']);
  });

  test('learns after a reconnect what was changed and deleted meanwhile', async () => {
    const board = client.join('board');
    const told: unknown[] = [];
    gateway.socket.reply(gateway.socket.last('join'), snapshot([value(1, 'a', 1), value(2, 'b', 2)], 2));
    board.on('value', ({ key, data }) => told.push([key, data]));
    await reconnect({ board: snapshot([value(7, 'a', 7), value(8, 'c', 8)], 9) });
    expect(told).toEqual([
      ['a', 7],
      ['c', 8],
      ['b', null],
    ]);
    // Older than the reply that no longer named the key.
    gateway.socket.send({ v: value(5, 'b', 5) });
    expect(board.get('b')).toBeUndefined();
  });

  test('a value that comes after the reply in which its deletion shows is past, whatever was known of the key', async () => {
    const board = client.join('board');
    gateway.socket.reply(gateway.socket.last('join'), snapshot([value(1, 'a', 1)], 1));
    gateway.socket.send({ v: value(2, 'b', 2) }, { v: value(3, 'b', null) });
    await reconnect({ board: snapshot([value(1, 'a', 1)], 9) });
    const told: unknown[] = [];
    board.on('value', ({ key, data }) => told.push([key, data]));
    gateway.socket.send({ v: value(5, 'b', 5) }, { v: value(6, 'c', 6) }, { v: value(10, 'd', 10) });
    expect(told).toEqual([['d', 10]]);
    expect([...board.values.keys()]).toEqual(['a', 'd']);
  });

  test('is written by key, and a key is deleted with null', async () => {
    const board = client.join<number>('board');
    void board.set('a', 1).catch(() => undefined);
    expect(gateway.socket.last('pub').body).toMatchObject({ room: 'board', k: 'a', data: 1 });
    void board.delete('a').catch(() => undefined);
    expect(gateway.socket.last('pub').body).toMatchObject({ k: 'a', data: null });
  });
});

describe('receipts', () => {
  const classes = ['msg', 'receipt'] as const;

  test('rise, never fall, and say who has read a message', async () => {
    const room = client.join('lobby', { classes });
    const told: unknown[] = [];
    room.on('receipt', (event) => told.push(event));
    gateway.socket.reply(gateway.socket.last('join'), history([0, 1, 2]));
    gateway.socket.send({ rc: { r: 'lobby', delivered: { bob: at(2) }, read: { bob: at(1), cid: at(0) } } });
    gateway.socket.send({ rc: { r: 'lobby', read: { bob: at(0), cid: at(2) } } });
    gateway.socket.send({ rc: { r: 'lobby', read: { bob: at(1) } } });
    expect(told).toEqual([
      { delivered: { bob: at(2) }, read: { bob: at(1), cid: at(0) } },
      { delivered: {}, read: { cid: at(2) } },
    ]);
    expect(room.receipts.readBy(at(1))).toEqual(['bob', 'cid']);
    expect(room.receipts.readBy(at(2))).toEqual(['cid']);
    expect(room.receipts.deliveredTo(at(2))).toEqual(['bob']);
    expect(room.receipts.readBy(at(0, 'epoch0'))).toEqual([]);
  });

  test('of this client: delivered ones are said again on a new connection, for the old one may have lost them', async () => {
    client.join('lobby', { classes });
    gateway.socket.reply(gateway.socket.last('join'), history([0, 1]));
    await clock.advance(1_000);
    await reconnect({ lobby: history([]) });
    await clock.advance(1_000);
    const acks = gateway.socket.lines.flatMap((line) => (line.kind === 'notice' ? [line.body] : []));
    expect(acks).toEqual([{ r: { lobby: at(1) } }]);
  });

  test('of this client: read ones go one at a time, and only the newest counts', async () => {
    const room = client.join('lobby', { classes });
    const done: string[] = [];
    for (const offset of [0, 1, 3, 2]) void room.read(at(offset)).then(() => done.push(`read ${offset}`));
    await clock.advance(0);
    expect(gateway.socket.requests('read')).toHaveLength(1);
    gateway.socket.reply(gateway.socket.last('read'), {});
    await clock.advance(0);
    expect(gateway.socket.requests('read').map(({ body }) => body.r['lobby'])).toEqual([at(0), at(3)]);
    gateway.socket.reply(gateway.socket.last('read'), {});
    await clock.advance(0);
    expect(done).toHaveLength(4);
    await room.read(at(1));
    expect(gateway.socket.requests('read')).toHaveLength(2);
  });

  test('of this client: a read that is refused rejects, and may be tried again', async () => {
    const room = client.join('lobby', { classes });
    const first = room.read(at(1));
    await clock.advance(0);
    gateway.socket.refuse(gateway.socket.last('read'), 104);
    await expect(first).rejects.toMatchObject({ code: 'refused' });
    void room.read(at(1)).catch(() => undefined);
    await clock.advance(0);
    expect(gateway.socket.requests('read')).toHaveLength(2);
  });
});

describe('the past', () => {
  test('is read newest first, a page at a time, and only as far as wanted', async () => {
    const room = client.join('lobby', { limit: 1 });
    gateway.socket.reply(gateway.socket.last('join'), history([6], { more: true }));
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const { data } of room.past({ max: 2 })) {
        seen.push(data);
        if (data === 2) return;
      }
    })();
    await clock.advance(0);
    expect(gateway.socket.last('hist').body).toEqual({ room: 'lobby', before: at(6), max: 2 });
    gateway.socket.reply(gateway.socket.last('hist'), { msgs: [message(4), message(5)], more: true });
    await clock.advance(0);
    expect(gateway.socket.last('hist').body).toEqual({ room: 'lobby', before: at(4), max: 2 });
    gateway.socket.reply(gateway.socket.last('hist'), { msgs: [message(2), message(3)], more: true });
    await reading;
    expect(seen).toEqual([5, 4, 3, 2]);
    expect(gateway.socket.requests('hist')).toHaveLength(2);
  });

  test('ends where there is nothing more', async () => {
    const room = client.join('lobby');
    gateway.socket.reply(gateway.socket.last('join'), history([]));
    const seen: unknown[] = [];
    for await (const each of room.past()) seen.push(each);
    expect(seen).toEqual([]);
  });
});

describe('the list of who is here', () => {
  const people = (...names: string[]): object[] => names.map((u) => ({ u, dev: 1, since: 5 }));

  async function answerWho(users: object[], over: object = {}): Promise<void> {
    gateway.socket.reply(gateway.socket.last('who'), { users, occ: users.length, ...over });
    await clock.advance(0);
  }

  test('pages through once, follows who comes and goes, and asks for details at most every 3 s', async () => {
    const room = client.join('lobby');
    const here = watchPresence(room, { clock });
    gateway.socket.reply(gateway.socket.last('join'), history([0], { occ: 3 }));
    await clock.advance(250);
    await answerWho(people('ann', 'bob'), { occ: 3, next: 'bob' });
    expect(gateway.socket.last('who').body).toMatchObject({ after: 'bob' });
    await answerWho([{ u: 'cid', dev: 2, since: 6, info: { status: 'away' } }], { occ: 3 });
    expect([...here.people.keys()]).toEqual(['ann', 'bob', 'cid']);
    expect(here.people.get('cid')).toEqual({
      user: 'cid',
      devices: 2,
      since: 6,
      info: { status: 'away' },
    });
    expect(here.complete).toBe(true);
    const asked = gateway.socket.requests('who').length;
    gateway.socket.send({ pr: { r: 'lobby', join: ['dan'], leave: ['ann'], occ: 3 } });
    expect([...here.people.keys()]).toEqual(['bob', 'cid', 'dan']);
    gateway.socket.send({ pr: { r: 'lobby', join: ['eve'], occ: 4 } });
    await clock.advance(2_000);
    expect(gateway.socket.requests('who')).toHaveLength(asked);
    await clock.advance(1_500);
    expect(gateway.socket.requests('who')).toHaveLength(asked + 1);
    here.close();
    client.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test('is not complete where the platform tells only the count', async () => {
    const room = client.join('lobby');
    const here = watchPresence(room, { clock, max: 2 });
    gateway.socket.reply(gateway.socket.last('join'), history([0], { occ: 900 }));
    await clock.advance(250);
    await answerWho(people('ann', 'bob'), { occ: 900, next: 'bob' });
    expect(gateway.socket.requests('who')).toHaveLength(1);
    expect(here.count).toBe(900);
    expect(here.complete).toBe(false);
    here.close();
  });
});

test('a message that a rule refused after its acknowledgement is told also where the room was not joined', () => {
  const told: unknown[] = [];
  client.on('rejected', ({ room, cid, error }) => told.push([room, cid, error.refusal?.code]));
  gateway.socket.send({ rj: { r: '@bob', id: at(1), cid: 'x.1', code: 103, msg: 'no' } });
  expect(told).toEqual([['@bob', 'x.1', 103]]);
});

test('a listener that throws disturbs nobody, and is reported as uncaught', () => {
  const reported: (() => void)[] = [];
  const real = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (fn) => void reported.push(fn);
  const seen: unknown[] = [];
  const room = client.join('lobby');
  room.on('message', () => {
    throw new Error('a mistake of the application');
  });
  room.on('message', ({ data }) => seen.push(data));
  gateway.socket.reply(gateway.socket.last('join'), history([0]));
  gateway.socket.send(push(1));
  globalThis.queueMicrotask = real;
  expect(seen).toEqual([0, 1]);
  expect(reported).toHaveLength(2);
  expect(reported[0]).toThrow(/mistake of the application/);
});
