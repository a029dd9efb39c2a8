import { CloseCodes, isTerminalClose } from '@chatplatform/protocol/light';
import { connect, type ConnectOptions } from '../connect.ts';
import type { ChatClient } from '../chat-client.ts';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { at, helloReply, history, push, ScriptedGateway } from '../testing/scripted-gateway.ts';

let clock: ManualClock;
let gateway: ScriptedGateway;
let states: string[];
let errors: string[];

beforeEach(() => {
  clock = new ManualClock(1_760_000_000_000);
  gateway = new ScriptedGateway();
  states = [];
  errors = [];
});

async function start(over: Partial<ConnectOptions> = {}, seed = 1): Promise<ChatClient> {
  const client = connect({
    url: 'ws://platform',
    token: 'token',
    transport: gateway.transport,
    clock,
    random: seededRandom(seed),
    ...over,
  });
  client.on('state', ({ state }) => states.push(state));
  client.on('error', ({ message }) => errors.push(message));
  await clock.advance(0);
  return client;
}

describe('reconnecting', () => {
  test('first within 2 s, then with growing full jitter up to 30 s', async () => {
    await start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      gateway.socket.close(1006);
      const began = clock.monotonic();
      const sockets = gateway.sockets.length;
      while (gateway.sockets.length === sockets) await clock.advance(50);
      waits.push(clock.monotonic() - began);
    }
    const limits = [2_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000];
    waits.forEach((wait, n) => expect(wait).toBeLessThanOrEqual((limits[n] ?? 0) + 50));
    expect(Math.max(...waits)).toBeGreaterThan(8_000);
  });

  test('goes on after a hello that came too late: the network or a busy machine was slow', async () => {
    const [late] = Object.entries(CloseCodes).find(([, { name }]) => name === 'hello timeout') ?? [];
    const client = await start();
    gateway.socket.close(Number(late));
    expect(client.state).not.toBe('closed');
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('begins anew only after 10 s of a stable connection', async () => {
    await start();
    const growing: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      gateway.socket.welcome();
      await clock.advance(9_000);
      gateway.socket.close(1006);
      const began = clock.monotonic();
      const sockets = gateway.sockets.length;
      while (gateway.sockets.length === sockets) await clock.advance(50);
      growing.push(clock.monotonic() - began);
    }
    expect(Math.max(...growing)).toBeGreaterThan(2_100);
    gateway.socket.welcome();
    await clock.advance(10_000);
    gateway.socket.close(1006);
    const sockets = gateway.sockets.length;
    await clock.advance(2_000);
    expect(gateway.sockets.length).toBe(sockets + 1);
  });

  test('follows the window of the platform', async () => {
    await start();
    gateway.socket.welcome();
    gateway.socket.send({ bye: { code: 3015, msg: 'full', reconnect: true, after: [5_000, 6_000] } });
    gateway.socket.close(1006);
    await clock.advance(4_999);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advance(1_001);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('is tried at once on a sign of life, once per 10 s', async () => {
    let wake = (): void => undefined;
    const client = await start({
      wakes: (fn) => {
        wake = fn;
        return () => undefined;
      },
    });
    gateway.socket.welcome();
    gateway.socket.send({ bye: { code: 3015, msg: 'full', reconnect: true, after: [60_000, 60_000] } });
    gateway.socket.close(3015);
    wake();
    await clock.advance(0);
    expect(gateway.sockets).toHaveLength(2);
    gateway.socket.close(1006);
    wake();
    await clock.advance(0);
    expect(gateway.sockets).toHaveLength(2);
    client.close();
  });

  test.each(Object.keys(CloseCodes).map(Number))('close code %i means what its range says', async (code) => {
    const client = await start();
    gateway.socket.welcome();
    const room = client.join('lobby');
    gateway.socket.close(code);
    await clock.advance(2_000);
    if (!isTerminalClose(code) && code !== 3005) {
      expect(gateway.sockets).toHaveLength(2);
      expect(client.state).toBe('reconnecting');
      return;
    }
    await clock.advance(60_000);
    expect(gateway.sockets).toHaveLength(1);
    expect(client.state).toBe('closed');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(code === 3005 ? /pass a function/ : new RegExp(`\\(${code}\\)`));
    await expect(room.ready).rejects.toThrow();
    await expect(client.connected()).rejects.toThrow();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a drain', () => {
  const drain = { drain: { after: [1_000, 1_000], deadline: 30_000, resume: 'resume-2', reason: 'rollout' } };

  async function draining(): Promise<ChatClient> {
    const client = await start();
    gateway.socket.welcome();
    client.join('lobby').on('message', ({ data }) => states.push(`message ${String(data)}`));
    gateway.socket.reply(gateway.socket.last('join'), history([0]));
    gateway.socket.send(drain);
    return client;
  }

  test('opens the new socket before the old one goes; nothing is lost, doubled or seen', async () => {
    const client = await draining();
    const [old] = gateway.sockets;
    const first = client.publish('lobby', 'a');
    await clock.advance(999);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advance(1);
    const next = gateway.socket;
    next.accept();
    expect(next.last('hello').body).toMatchObject({ resume: 'resume-2', rooms: { lobby: { pos: at(0) } } });
    const second = client.publish('lobby', 'b');
    old?.send(push(1));
    next.reply(next.last('hello'), helloReply({ gateway: 'gw-2', rooms: { lobby: history([1, 2]) } }));
    old?.send(push(2));
    next.send(push(3));
    old?.send(push(3));
    expect(next.requests('pub').map(({ body }) => body.data)).toEqual(['a', 'b']);
    old?.reply(old.last('pub'), { id: at(4), ts: 1, dup: false });
    // It went out on both: which of the two copies came first, nobody can say.
    const result = await first;
    expect(result).toMatchObject({ dup: false });
    expect(result.id).toBeUndefined();
    next.reply(next.last('pub'), { id: at(5), ts: 1, dup: false });
    await expect(second).resolves.toMatchObject({ id: at(5) });
    old?.close(3514);
    await clock.advance(20_000);
    expect(states).toEqual(['connected', 'message 0', 'message 1', 'message 2', 'message 3']);
    expect(client).toMatchObject({ state: 'connected', gateway: 'gw-2' });
    expect(gateway.sockets).toHaveLength(2);
    expect(errors).toEqual([]);
  });

  test('the old socket may be taken over before the reply on the new one is here: still no break', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    gateway.sockets[0]?.close(3514);
    const info = client.setInfo({ status: 'here' });
    await clock.advance(0);
    gateway.socket.reply(gateway.socket.last('hello'), helloReply({ rooms: { lobby: history([1]) } }));
    await clock.advance(0);
    gateway.socket.reply(gateway.socket.last('set'), {});
    await info;
    expect(states).toEqual(['connected', 'message 0', 'message 1']);
  });

  test('a new socket that fails after the old one was taken over is a loss like any other', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    gateway.sockets[0]?.close(3514);
    gateway.socket.close(1006);
    expect(client.state).toBe('reconnecting');
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(3);
  });

  test('a new socket that fails leaves the old one at work, and is tried again', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    const publishing = client.publish('lobby', 'a');
    gateway.socket.close(1006);
    expect(client.state).toBe('connected');
    const [old] = gateway.sockets;
    if (old) old.reply(old.last('pub'), { id: at(1), ts: 1, dup: false });
    await expect(publishing).resolves.toMatchObject({ id: at(1) });
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(3);
  });

  test('a new socket that reached a gateway without room is tried again within its window', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    gateway.socket.send({ bye: { code: 3003, msg: 'full', reconnect: true, after: [500, 500] } });
    gateway.socket.close(3003);
    await clock.advance(499);
    expect(gateway.sockets).toHaveLength(2);
    await clock.advance(1);
    gateway.socket.welcome({ gateway: 'gw-3', rooms: { lobby: history([]) } });
    expect(client).toMatchObject({ state: 'connected', gateway: 'gw-3' });
    expect(states).toEqual(['connected', 'message 0']);
    expect(errors).toEqual([]);
  });

  test('a hello that is read late, after its socket was given up, does not end the client', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    await clock.advance(11_000);
    expect(client.state).toBe('connected');
    gateway.sockets[0]?.close(3514);
    expect(client.state).not.toBe('closed');
    await clock.advance(5_000);
    gateway.socket.welcome();
    expect(client.state).toBe('connected');
    expect(errors).toEqual([]);
  });

  test('such a hello does not end the client either when the next one is still without an answer', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.accept();
    for (const socket of gateway.sockets) socket.close(1006);
    await clock.advance(2_000);
    gateway.socket.accept();
    gateway.socket.close(3514);
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(4);
    gateway.socket.welcome();
    expect(client.state).toBe('connected');
    expect(errors).toEqual([]);
  });

  test('a new socket that is refused for good does not end the old one', async () => {
    const client = await draining();
    await clock.advance(1_000);
    gateway.socket.close(3504);
    await clock.advance(2_000);
    expect(client.state).toBe('connected');
    expect(gateway.sockets).toHaveLength(2);
    gateway.sockets[0]?.close(3002);
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(3);
  });

  test('an old socket that nobody closes is closed by the client', async () => {
    await draining();
    await clock.advance(1_000);
    gateway.socket.welcome({ rooms: { lobby: history([]) } });
    await clock.advance(10_000);
    expect(gateway.sockets[0]?.closedWith).toBe(1000);
  });
});

describe('tokens', () => {
  const HOUR = 3_600_000;

  test('are renewed before they end', async () => {
    const tokens = ['one', 'two'];
    await start({ token: async () => Promise.resolve(tokens.shift() ?? 'none') });
    gateway.socket.welcome();
    gateway.socket.send('{}');
    for (let passed = 0; passed < HOUR - 60_000; passed += 20_000) {
      gateway.socket.send('{}');
      await clock.advance(20_000);
    }
    expect(gateway.socket.requests('refresh').map(({ body }) => body.token)).toEqual(['two']);
    gateway.socket.reply(gateway.socket.last('refresh'), { exp: clock.now() + HOUR });
    expect(errors).toEqual([]);
  });

  test('whose renewal is refused for now are renewed again before they end', async () => {
    await start({ token: async () => Promise.resolve('token') });
    gateway.socket.welcome({ exp: clock.now() + 120_000 });
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        gateway.socket.send('{}');
        await clock.advance(1_000);
      }
    };
    await pass(60);
    gateway.socket.refuse(gateway.socket.last('refresh'), 114);
    await pass(10);
    expect(gateway.socket.requests('refresh')).toHaveLength(2);
    gateway.socket.reply(gateway.socket.last('refresh'), { exp: clock.now() + HOUR });
    await pass(60);
    expect(gateway.socket.requests('refresh')).toHaveLength(2);
  });

  test('are not renewed without end by a client whose clock is wrong', async () => {
    await start({ token: async () => Promise.resolve('token') });
    gateway.socket.welcome({ exp: clock.now() - HOUR });
    for (let second = 0; second < 120; second += 1) {
      gateway.socket.send('{}');
      await clock.advance(1_000);
      const [due] = gateway.socket.requests('refresh').slice(-1);
      if (due) gateway.socket.reply(due, { exp: clock.now() - HOUR });
    }
    expect(gateway.socket.requests('refresh')).toHaveLength(2);
  });

  test('that are not accepted any more are fetched anew, once', async () => {
    let fetched = 0;
    const client = await start({ token: () => `token-${(fetched += 1)}` });
    gateway.socket.welcome();
    gateway.socket.close(3500);
    await clock.advance(2_000);
    gateway.socket.accept();
    expect(gateway.socket.last('hello').body.token).toBe('token-2');
    gateway.socket.close(3500);
    expect(client.state).toBe('closed');
  });

  test('that cannot be had are asked for again', async () => {
    let calls = 0;
    await start({
      token: () => {
        calls += 1;
        if (calls === 1) throw new Error('the token server is down');
        return 'token';
      },
    });
    expect(errors).toEqual([expect.stringMatching(/token function failed/)]);
    await clock.advance(2_000);
    expect(gateway.sockets).toHaveLength(1);
  });

  test('refused as unknown for now are tried again within the time of the hint', async () => {
    await start();
    gateway.socket.accept();
    gateway.socket.send({
      i: 0,
      err: { code: 101, msg: 'the keys are not known yet', retry: true, after: 4_000 },
    });
    await clock.advance(3_999);
    expect(gateway.sockets).toHaveLength(1);
    await clock.advance(2_001);
    expect(gateway.sockets).toHaveLength(2);
  });
});

describe('a connection', () => {
  test('answers pings and is given up after silence', async () => {
    const client = await start();
    gateway.socket.welcome();
    gateway.socket.send('{}');
    expect(gateway.socket.lines.at(-1)).toEqual({ kind: 'pong' });
    await clock.advance(32_999);
    expect(client.state).toBe('connected');
    await clock.advance(1);
    expect(client.state).toBe('reconnecting');
    expect(gateway.sockets[0]?.closedWith).toBe(4000);
  });

  test('that never answers the hello is given up', async () => {
    await start();
    gateway.socket.accept();
    await clock.advance(12_000);
    expect(gateway.sockets).toHaveLength(2);
  });

  test('that leaves a request without a reply is given up', async () => {
    const client = await start();
    gateway.socket.welcome();
    void client.publish('lobby', 1).catch(() => undefined);
    for (let second = 0; second < 70; second += 1) {
      gateway.sockets[0]?.send('{}');
      await clock.advance(1_000);
    }
    expect(gateway.sockets[0]?.closedWith).toBe(4000);
  });

  test('that speaks another language is given up', async () => {
    const client = await start();
    gateway.socket.welcome();
    gateway.socket.send('<html>');
    expect(client.state).toBe('reconnecting');
  });

  test('tells what is degraded, who is here and who types', async () => {
    const client = await start();
    gateway.socket.welcome();
    const room = client.join('lobby');
    const told: unknown[] = [];
    client.on('degraded', (event) => told.push(event));
    room.on('presence', (event) => told.push(event));
    room.on('typing', (event) => told.push(event));
    room.on('rejected', ({ cid, error }) => told.push([cid, error.refusal?.code]));
    gateway.socket.reply(gateway.socket.last('join'), history([]));
    gateway.socket.send(
      { degraded: { parts: ['publish'], since: 1 } },
      { pr: { r: 'lobby', join: ['bob'], occ: 3 } },
    );
    gateway.socket.send({ ty: { r: 'lobby', u: 'bob', on: true } });
    await clock.advance(5_000);
    gateway.socket.send(
      { rj: { r: 'lobby', id: at(1), cid: 'x.1', code: 103, msg: 'no' } },
      { of: { tomorrow: 1 } },
    );
    expect(told).toEqual([
      { join: [], leave: [], count: 2 },
      { parts: ['publish'] },
      { join: ['bob'], leave: [], count: 3 },
      { user: 'bob', on: true },
      { user: 'bob', on: false },
      ['x.1', 103],
    ]);
  });

  test('says that the user types at most every 3 s, and that it stopped', async () => {
    const client = await start();
    gateway.socket.welcome();
    const room = client.join('lobby');
    room.typing(true);
    room.typing(true);
    await clock.advance(3_000);
    room.typing(true);
    room.typing(false);
    room.typing(false);
    const notices = gateway.socket.lines.flatMap((line) => (line.kind === 'notice' ? [line.body] : []));
    expect(notices.map((body) => 'on' in body && body.on)).toEqual([true, true, false]);
  });

  test('sends delivered watermarks once a second, for those who want receipts', async () => {
    const client = await start();
    gateway.socket.welcome();
    client.join('lobby', { classes: ['msg', 'receipt'] });
    gateway.socket.reply(gateway.socket.last('join'), history([0, 1]));
    gateway.socket.send(push(2));
    await clock.advance(1_000);
    const acks = gateway.socket.lines.filter((line) => line.kind === 'notice');
    expect(acks).toEqual([{ kind: 'notice', op: 'ack', body: { r: { lobby: at(2) } } }]);
  });

  test.each(['nowhere', 'ftp://platform'])('cannot be made to %s', (url) => {
    expect(() => connect({ url, token: 't', transport: gateway.transport })).toThrow(/write ws:\/\//);
  });
});
