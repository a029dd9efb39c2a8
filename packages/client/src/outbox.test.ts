import { connect } from './connect.ts';
import type { ChatClient } from './chat-client.ts';
import { ManualClock, seeded } from './testing/manual-clock.ts';
import { at, ScriptedGateway, type ScriptedSocket } from './testing/scripted-gateway.ts';

let clock: ManualClock;
let gateway: ScriptedGateway;
let client: ChatClient;
let settled: string[];

beforeEach(async () => {
  clock = new ManualClock();
  gateway = new ScriptedGateway();
  client = connect({
    url: 'ws://platform',
    token: 'token',
    transport: gateway.transport,
    clock,
    random: seeded(1),
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
    expect(clock.pending).toBe(0);
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
