import { connect } from '../connect.ts';
import type { ChatClient } from '../chat-client.ts';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { at, ScriptedGateway, type ScriptedSocket } from '../testing/scripted-gateway.ts';
import { SimulatedDisk } from '../testing/simulated-disk.ts';

let clock: ManualClock;
let gateway: ScriptedGateway;
let client: ChatClient;
let settled: string[];

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
  settled = [];
  await clock.advance(0);
});

function publish(count: number): void {
  for (let n = 0; n < count; n += 1) {
    const publishing = client.publish('lobby', n);
    const name = publishing.cid.split('.')[1];
    publishing.then(
      ({ dup }) => settled.push(`${name} ${dup ? 'dup' : 'ok'}`),
      (error: { code: string }) => settled.push(`${name} ${error.code}`),
    );
  }
}

/** Numbers of the publishes a socket got; `re` marks a resend. */
function got(socket: ScriptedSocket): string[] {
  return socket
    .requests('pub')
    .map(({ body }) => `${body.cid.split('.')[1]}${body.re === undefined ? '' : ' re'}`);
}

function acknowledge(socket: ScriptedSocket, index: number, dup = false): void {
  const request = socket.requests('pub')[index];
  if (request) socket.reply(request, { id: at(index), ts: 1, dup });
}

function refuse(socket: ScriptedSocket, index: number, code: 103 | 114 | 100, after?: number): void {
  const request = socket.requests('pub')[index];
  if (request) socket.refuse(request, code, after);
}

describe('the outbox', () => {
  test('keeps what is published before there is a connection', async () => {
    publish(2);
    gateway.socket.welcome();
    expect(got(gateway.socket)).toEqual(['1', '2']);
    acknowledge(gateway.socket, 0);
    await clock.advance(0);
    expect(settled).toEqual(['1 ok']);
    expect(client.pending).toBe(1);
  });

  test('resends everything unacknowledged, in order, before anything new', async () => {
    gateway.socket.welcome();
    publish(3);
    acknowledge(gateway.socket, 0);
    gateway.socket.close(1006);
    publish(1);
    await clock.advance(2_000);
    gateway.socket.welcome();
    expect(got(gateway.socket)).toEqual(['2 re', '3 re', '4']);
    expect(gateway.socket.requests('pub')[0]?.body.re).toBeGreaterThan(0);
    acknowledge(gateway.socket, 0, true);
    acknowledge(gateway.socket, 1);
    acknowledge(gateway.socket, 2);
    await clock.advance(0);
    expect(settled).toEqual(['1 ok', '2 dup', '3 ok', '4 ok']);
  });

  test('after a failure in the middle waits for every answer, then resends from the first', async () => {
    gateway.socket.welcome();
    publish(4);
    acknowledge(gateway.socket, 0);
    refuse(gateway.socket, 1, 114, 200);
    publish(1);
    refuse(gateway.socket, 2, 114, 500);
    await clock.advance(1_000);
    expect(got(gateway.socket)).toEqual(['1', '2', '3', '4']);
    refuse(gateway.socket, 3, 114);
    await clock.advance(499);
    expect(got(gateway.socket)).toHaveLength(4);
    await clock.advance(2_000);
    expect(got(gateway.socket).slice(4)).toEqual(['2 re', '3 re', '4 re', '5']);
  });

  test('gives up only what was refused for good', async () => {
    gateway.socket.welcome();
    publish(3);
    refuse(gateway.socket, 1, 103);
    acknowledge(gateway.socket, 0);
    acknowledge(gateway.socket, 2);
    await clock.advance(0);
    expect(settled).toEqual(['2 refused', '1 ok', '3 ok']);
    expect(got(gateway.socket)).toHaveLength(3);
  });

  test('has at most 32 publishes of a room under way', async () => {
    gateway.socket.welcome();
    publish(40);
    expect(got(gateway.socket)).toHaveLength(32);
    acknowledge(gateway.socket, 0);
    expect(got(gateway.socket)).toHaveLength(33);
  });

  test('takes 1 000, then refuses until there is room', async () => {
    publish(1_001);
    await clock.advance(0);
    expect(settled).toEqual(['1001 outbox-full']);
    gateway.socket.welcome();
    acknowledge(gateway.socket, 0);
    publish(1);
    await clock.advance(0);
    expect(settled).toEqual(['1001 outbox-full', '1 ok']);
    expect(client.pending).toBe(1_000);
  });

  test('refuses what no frame could carry, and what is no JSON', async () => {
    gateway.socket.welcome();
    await expect(client.publish('lobby', 'x'.repeat(65_536))).rejects.toMatchObject({ code: 'too-large' });
    await expect(client.publish('lobby', 'ä'.repeat(33_000))).rejects.toMatchObject({ code: 'too-large' });
    await expect(client.publish('lobby', undefined)).rejects.toMatchObject({ code: 'invalid' });
    await expect(client.publish('lobby', 1n)).rejects.toMatchObject({ code: 'invalid' });
    await expect(client.publish('a room', 1)).rejects.toMatchObject({ code: 'invalid' });
    expect(got(gateway.socket)).toEqual([]);
  });

  test('rejects what is left when the client is closed, and what comes after', async () => {
    gateway.socket.welcome();
    publish(2);
    client.close();
    publish(1);
    await clock.advance(0);
    expect(settled).toEqual(['1 closed', '2 closed', '3 closed']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('rooms do not wait for each other', async () => {
    gateway.socket.welcome();
    publish(1);
    refuse(gateway.socket, 0, 114, 5_000);
    const other = client.publish('other', 1);
    acknowledge(gateway.socket, 1);
    await expect(other).resolves.toMatchObject({ id: at(1), dup: false });
  });
});

describe('an outbox that outlives its client', () => {
  let disk: SimulatedDisk;

  beforeEach(() => {
    client.close();
    disk = new SimulatedDisk(clock, seededRandom(7));
  });

  async function open(): Promise<ChatClient> {
    const opened = connect({
      url: 'ws://platform',
      token: 'token',
      transport: gateway.transport,
      clock,
      random: seededRandom(2),
      outbox: disk.open(),
    });
    await clock.advance(0);
    return opened;
  }

  test('sends nothing before it is kept, and keeps the order', async () => {
    client = await open();
    gateway.socket.welcome();
    publish(3);
    expect(got(gateway.socket)).toEqual([]);
    await clock.advance(200);
    expect(got(gateway.socket)).toEqual(['1', '2', '3']);
  });

  test('continues where the last client ended: same instance, numbers go on, what may have been sent says its age', async () => {
    client = await open();
    gateway.socket.welcome();
    publish(2);
    await clock.advance(200);
    acknowledge(gateway.socket, 0);
    await clock.advance(200);
    const { inst } = gateway.socket.last('hello').body;
    client.close();
    await clock.advance(3_600_000);

    client = await open();
    expect(client.outbox).toEqual([
      { room: 'lobby', cid: `${inst}.2`, data: 1, at: expect.any(Number) as number },
    ]);
    const ends: unknown[] = [];
    client.on('settled', (settled) => ends.push(settled));
    gateway.socket.welcome();
    expect(gateway.socket.last('hello').body.inst).toBe(inst);
    expect(gateway.socket.last('pub').body.re).toBeGreaterThanOrEqual(3_600_000);
    publish(1);
    await clock.advance(200);
    expect(got(gateway.socket)).toEqual(['2 re', '3']);
    acknowledge(gateway.socket, 0, true);
    expect(ends).toEqual([
      { room: 'lobby', cid: `${inst}.2`, result: { id: at(0), ts: 1, dup: true, cid: `${inst}.2` } },
    ]);
    acknowledge(gateway.socket, 1);
    await clock.advance(200);
    client.close();
    client = await open();
    expect(client.outbox).toEqual([]);
  });

  test('knows what was never sent: days later it goes out as new', async () => {
    client = await open();
    publish(2);
    await clock.advance(200);
    client.close();
    await clock.advance(3 * 86_400_000);
    client = await open();
    gateway.socket.welcome();
    await clock.advance(200);
    expect(got(gateway.socket)).toEqual(['1', '2']);
  });

  test('is never sent by another user', async () => {
    client = await open();
    gateway.socket.welcome({ user: 'ann' });
    publish(1);
    await clock.advance(200);
    client.close();
    client = await open();
    const errors: unknown[] = [];
    client.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
    gateway.socket.welcome({ user: 'bob' });
    await clock.advance(200);
    expect(got(gateway.socket)).toEqual([]);
    expect(client.state).toBe('closed');
    expect(errors).toEqual([expect.stringMatching(/^storage: .*one outbox per user/)]);
    client = await open();
    gateway.socket.welcome({ user: 'ann' });
    expect(got(gateway.socket)).toEqual(['1 re']);
  });

  test('rejects what it cannot keep, and goes on with the next', async () => {
    client = await open();
    gateway.socket.welcome();
    disk.failing = 1;
    publish(1);
    await clock.advance(200);
    disk.failing = 0;
    publish(1);
    await clock.advance(200);
    expect(settled.slice(-1)).toEqual(['1 storage']);
    expect(got(gateway.socket)).toEqual(['2']);
  });

  test('takes data as it was when it was published', async () => {
    client = await open();
    const data = { text: 'first' };
    void client.publish('lobby', data).catch(() => undefined);
    data.text = 'changed';
    gateway.socket.welcome();
    await clock.advance(200);
    expect(gateway.socket.last('pub').body.data).toEqual({ text: 'first' });
  });
});
