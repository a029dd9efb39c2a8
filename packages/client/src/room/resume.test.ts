import { connect } from '../connect.ts';
import type { ChatClient } from '../chat-client.ts';
import type { Room } from './room.ts';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { at, history, message, push, ScriptedGateway } from '../testing/scripted-gateway.ts';

let clock: ManualClock;
let gateway: ScriptedGateway;
let client: ChatClient;
let seen: unknown[];
let events: unknown[];

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
  seen = [];
  events = [];
  await clock.advance(0);
});

function watch(room: Room): Room {
  room.on('message', ({ data }) => seen.push(data));
  room.on('continuity', ({ reason }) => events.push(reason));
  room.on('resumed', ({ count }) => events.push(count));
  room.on('closed', ({ error }) => events.push(error?.message ?? 'left'));
  return room;
}

/** A member of `lobby` that has seen 0 and 1. */
async function joined(): Promise<Room> {
  gateway.socket.welcome();
  const room = watch(client.join('lobby'));
  gateway.socket.reply(gateway.socket.last('join'), history([0, 1]));
  await room.ready;
  return room;
}

async function reconnect(): Promise<void> {
  gateway.socket.close(1006);
  await clock.advance(2_000);
  gateway.socket.accept();
}

describe('a member', () => {
  test('that joins before there is a connection is greeted with its room', async () => {
    watch(client.join('lobby', { limit: 5 }));
    gateway.socket.accept();
    expect(gateway.socket.last('hello').body).toMatchObject({
      token: 'token',
      caps: ['mbb'],
      rooms: { lobby: { limit: 5, classes: ['msg', 'presence', 'typing'] } },
    });
    gateway.socket.welcome({ rooms: { lobby: history([0, 1]) } });
    expect(seen).toEqual([0, 1]);
    expect(client).toMatchObject({ state: 'connected', user: 'ann', gateway: 'gw-1' });
  });

  test('that left and joined anew while the hello was under way takes no answer that was meant for another', async () => {
    const first = client.join('lobby', { from: at(3) });
    gateway.socket.accept();
    first.leave();
    watch(client.join('lobby', { from: at(1) }));
    gateway.socket.welcome({ rooms: { lobby: history([4, 5]) } });
    expect(seen).toEqual([]);
    expect(gateway.socket.last('leave').body).toMatchObject({ room: 'lobby' });
    const join = gateway.socket.last('join');
    expect(join.body).toMatchObject({ room: 'lobby', pos: at(1) });
    gateway.socket.reply(join, history([2, 3, 4, 5]));
    expect(seen).toEqual([2, 3, 4, 5]);
  });

  test('sees what follows the reply in the same frame after it', async () => {
    gateway.socket.welcome();
    watch(client.join('lobby'));
    const { i } = gateway.socket.last('join');
    gateway.socket.send({ i, join: history([0, 1]) }, push(2), push(3));
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('resumes from its position and is told how much it missed', async () => {
    await joined();
    await reconnect();
    expect(gateway.socket.last('hello').body).toMatchObject({
      resume: 'resume-1',
      rooms: { lobby: { pos: at(1) } },
    });
    gateway.socket.welcome({ resumed: true, rooms: { lobby: history([2, 3]) } });
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(events).toEqual([2]);
  });

  test('pages until it has caught up, holding what is pushed meanwhile', async () => {
    await joined();
    await reconnect();
    gateway.socket.welcome({ rooms: { lobby: history([2], { more: true, head: at(4) }) } });
    gateway.socket.send(push(5));
    expect(seen).toEqual([0, 1, 2]);
    expect(gateway.socket.last('sync').body).toMatchObject({ from: at(2) });
    gateway.socket.reply(gateway.socket.last('sync'), history([3, 4]));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(events).toEqual([4]);
  });

  test('drops what it has seen and repairs a hole before it goes on', async () => {
    await joined();
    gateway.socket.send(push(1), push(4), push(5));
    expect(seen).toEqual([0, 1]);
    expect(gateway.socket.requests('sync')).toHaveLength(1);
    gateway.socket.reply(gateway.socket.last('sync'), history([2, 3, 4]));
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('repairs after a message whose previous one nobody knows', async () => {
    await joined();
    gateway.socket.send(push(3, { p: '?' }));
    gateway.socket.reply(gateway.socket.last('sync'), history([3], { msgs: [message(3, { p: '?' })] }));
    expect(seen).toEqual([0, 1, 3]);
  });

  test('goes on repairing after a refusal that may be retried, and after a loss in the middle', async () => {
    await joined();
    gateway.socket.send(push(4));
    gateway.socket.refuse(gateway.socket.last('sync'), 111, 300);
    await clock.advance(299);
    expect(gateway.socket.requests('sync')).toHaveLength(1);
    await clock.advance(1);
    expect(gateway.socket.requests('sync')).toHaveLength(2);
    await reconnect();
    gateway.socket.welcome({ rooms: { lobby: history([2, 3, 4]) } });
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  test('hears honestly that continuity was lost', async () => {
    await joined();
    await reconnect();
    gateway.socket.welcome({
      rooms: { lobby: history([8, 9], { recovered: false, reason: 'expired', more: true }) },
    });
    expect(seen).toEqual([0, 1, 8, 9]);
    expect(events).toEqual(['expired', 2]);
    expect(gateway.socket.requests('sync')).toEqual([]);
  });

  test('starts over in another log', async () => {
    await joined();
    await reconnect();
    const msgs = [message(0, { epoch: 'epoch0' })];
    gateway.socket.welcome({
      rooms: {
        lobby: { head: at(0, 'epoch0'), msgs, more: false, recovered: false, reason: 'epoch', occ: 1 },
      },
    });
    gateway.socket.send(push(1, { epoch: 'epoch0' }));
    expect(seen).toEqual([0, 1, 0, 1]);
    expect(events).toEqual(['epoch', 1]);
  });

  test('whose position is lost while it repairs reads the new log from its beginning', async () => {
    await joined();
    gateway.socket.send(push(2, { epoch: 'epoch2' }));
    gateway.socket.refuse(gateway.socket.last('sync'), 112);
    expect(gateway.socket.last('sync').body).toMatchObject({ from: '' });
    const msgs = [0, 1, 2].map((offset) => message(offset, { epoch: 'epoch2' }));
    gateway.socket.reply(gateway.socket.last('sync'), history([], { head: at(2, 'epoch2'), msgs }));
    expect(seen).toEqual([0, 1, 0, 1, 2]);
    expect(events).toEqual(['epoch']);
  });

  test('that may not join hears why, and is not asked for again', async () => {
    gateway.socket.welcome();
    const room = watch(client.join('secret'));
    gateway.socket.refuse(gateway.socket.last('join'), 103);
    await expect(room.ready).rejects.toMatchObject({ code: 'refused', refusal: { code: 103 } });
    expect(events).toEqual([expect.stringMatching(/^forbidden \(103\).*Have the token minted/)]);
    await reconnect();
    expect(gateway.socket.last('hello').body.rooms).toEqual({});
  });

  test('joins again after a refusal that may be retried', async () => {
    gateway.socket.welcome();
    watch(client.join('lobby'));
    gateway.socket.refuse(gateway.socket.last('join'), 111, 100);
    await clock.advance(100);
    gateway.socket.reply(gateway.socket.last('join'), history([0]));
    expect(seen).toEqual([0]);
  });

  test('of a room the platform had joined by itself leaves and joins, to get its messages', async () => {
    gateway.socket.welcome();
    watch(client.join('@ann'));
    gateway.socket.refuse(gateway.socket.last('join'), 105);
    expect(gateway.socket.requests('leave')).toHaveLength(1);
    gateway.socket.reply(gateway.socket.last('join'), history([]));
    gateway.socket.send(push(0, { room: '@ann' }));
    expect(seen).toEqual([0]);
  });

  test('that left while the hello was under way is left there too', async () => {
    const room = await joined();
    await reconnect();
    room.leave();
    gateway.socket.welcome({ rooms: { lobby: history([2]) } });
    expect(gateway.socket.last('leave').body).toEqual({ room: 'lobby' });
    expect(seen).toEqual([0, 1]);
    expect(events).toEqual(['left']);
  });

  test('begins with the newest messages without skipping what comes after them', async () => {
    gateway.socket.welcome();
    watch(client.join('lobby', { limit: 0 }));
    gateway.socket.reply(gateway.socket.last('join'), history([], { head: at(7), more: true }));
    gateway.socket.send(push(8));
    expect(seen).toEqual([8]);
  });

  test('of more rooms than a hello may name joins the others one by one', async () => {
    for (let n = 0; n < 258; n += 1) client.join(`room:${n}`);
    gateway.socket.accept();
    const rooms = Object.keys(gateway.socket.last('hello').body.rooms ?? {});
    expect(rooms).toHaveLength(256);
    gateway.socket.welcome({ rooms: Object.fromEntries(rooms.map((room) => [room, history([])])) });
    expect(gateway.socket.requests('join').map(({ body }) => body.room)).toEqual(['room:256', 'room:257']);
  });

  test('has its status again in a session that was not kept', async () => {
    await joined();
    const set = client.setInfo({ status: 'away' });
    await clock.advance(0);
    gateway.socket.reply(gateway.socket.last('set'), {});
    await set;
    await reconnect();
    gateway.socket.welcome({ resumed: true, rooms: { lobby: history([]) } });
    expect(gateway.socket.requests('set')).toEqual([]);
    await reconnect();
    gateway.socket.welcome({ resumed: false, rooms: { lobby: history([]) } });
    expect(gateway.socket.last('set').body).toEqual({ info: { status: 'away' } });
  });

  test('reads back from where it began', async () => {
    const room = await joined();
    const older = room.history({ max: 10 });
    await clock.advance(0);
    expect(gateway.socket.last('hist').body).toEqual({ room: 'lobby', before: at(0), max: 10 });
    gateway.socket.reply(gateway.socket.last('hist'), { msgs: [], more: false });
    await expect(older).resolves.toEqual({ messages: [], more: false });
  });

  test('asks who is here, again after a loss of the connection', async () => {
    const room = await joined();
    const who = room.who();
    await clock.advance(0);
    await reconnect();
    gateway.socket.welcome({ rooms: { lobby: history([]) } });
    await clock.advance(0);
    gateway.socket.reply(gateway.socket.last('who'), { users: [{ u: 'bob', dev: 2, since: 5 }], occ: 1 });
    await expect(who).resolves.toEqual({ users: [{ user: 'bob', devices: 2, since: 5 }], count: 1 });
  });
});
