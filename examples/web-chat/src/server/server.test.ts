import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import { GuestThrottle } from './guest-throttle.ts';
import { Guests } from './guests.ts';
import { startWebChat, type WebChat } from './server.ts';
import { readSettings } from './settings.ts';
import { SocketProxy } from './socket-proxy.ts';
import { loadFiles } from './static-files.ts';

const key = new TextEncoder().encode('k'.repeat(32));
let folder: string;
let gateway: Server;
let upgrades: string[];
let chat: WebChat;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-chat-test-'));
  await writeFile(join(folder, 'index.html'), '<h1>page</h1>');
  await writeFile(join(folder, 'app.js'), 'script');
  upgrades = [];
  // A gateway that echoes: what counts here is that bytes pass both ways.
  gateway = createServer().on('upgrade', (request, socket) => {
    upgrades.push(`${request.url} ${request.headers['sec-websocket-protocol']}`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const { port } = gateway.address() as AddressInfo;
  chat = await startWebChat({
    host: '127.0.0.1',
    port: 0,
    publicUrl: undefined,
    files: await loadFiles(folder),
    guests: new Guests({ key, issuer: 'demo', audience: 'chat' }),
    throttle: new GuestThrottle({ proxies: 1, now: () => performance.now() }),
    sockets: new SocketProxy(new URL(`ws://127.0.0.1:${port}/ws`)),
  });
});

afterAll(async () => {
  await chat.close();
  gateway.close();
  gateway.closeAllConnections();
  await rm(folder, { recursive: true });
});

function ask(body: unknown, type = 'application/json'): Promise<Response> {
  return fetch(`${chat.url}/token`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });
}

describe('the page', () => {
  test('comes with a strict policy and is not sent twice', async () => {
    const first = await fetch(chat.url);
    expect(await first.text()).toBe('<h1>page</h1>');
    expect(first.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self'/);
    const again = await fetch(chat.url, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  test('has nothing beside it', async () => {
    expect((await fetch(`${chat.url}/../../etc/passwd`)).status).toBe(404);
    expect((await fetch(`${chat.url}/`, { method: 'DELETE' })).status).toBe(405);
    expect(await (await fetch(`${chat.url}/config`)).json()).toEqual({ url: null });
    expect((await fetch(`${chat.url}/healthz`)).status).toBe(200);
  });
});

describe('a guest', () => {
  test('from an address that took too many is told when to come again', async () => {
    const visits = Array.from({ length: 40 }, () =>
      fetch(`${chat.url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.5' },
        body: JSON.stringify({ name: 'Ann' }),
      }),
    );
    const answers = await Promise.all(visits);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask({ name: 'Bob' })).status).toBe(200);
  });

  test('gets a token for the public rooms, for an hour', async () => {
    const { token, user } = (await (await ask({ name: 'Änn Müller' })).json()) as {
      token: string;
      user: string;
    };
    expect(user).toMatch(/^ann-muller\.[a-z0-9]{5}$/);
    const { payload } = await jwtVerify(token, key, {
      issuer: 'demo',
      audience: 'chat',
      algorithms: ['HS256'],
    });
    expect(payload).toMatchObject({
      sub: user,
      caps: { 'room:*': ['join', 'publish', 'history', 'presence'] },
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3_600);
  });

  test('comes back as the same user with its seat, and not as another one', async () => {
    const ann = (await (await ask({ name: 'Ann' })).json()) as { user: string; seat: string };
    const bob = (await (await ask({ name: 'Bob' })).json()) as { user: string; seat: string };
    expect(await (await ask({ user: ann.user, seat: ann.seat })).json()).toMatchObject({ user: ann.user });
    expect((await ask({ user: bob.user, seat: ann.seat })).status).toBe(400);
    expect((await ask({ user: 'admin', seat: 'x' })).status).toBe(400);
  });

  test.each([[{ name: '' }], [{ name: 'x'.repeat(41) }], [{ name: 7 }], [{}], [[]], ['x'.repeat(5_000)]])(
    'is not admitted with %j',
    async (body) => {
      expect((await ask(body)).status).toBe(400);
    },
  );

  test('is not admitted from a form of another site', async () => {
    expect((await ask({ name: 'Ann' }, 'text/plain')).status).toBe(415);
  });

  test('whose name has no letter an id could hold is called guest', async () => {
    expect(await (await ask({ name: '你好' })).json()).toMatchObject({
      user: expect.stringMatching(/^guest\./),
    });
  });
});

describe('sockets', () => {
  function upgrade(path: string, url = chat.url): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: page\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: cp1.json\r\n\r\n`,
    );
    return new Promise((resolve) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\r\n\r\n') && text.includes(' 101 ')) socket.write('hello');
        if (text.endsWith('hello')) socket.end();
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
    });
  }

  test('are passed on to the gateways, byte by byte', async () => {
    expect(await upgrade('/ws')).toMatch(/101 Switching Protocols[^]*hello$/);
    expect(upgrades).toEqual(['/ws cp1.json']);
  });

  test('to anything else are refused', async () => {
    expect(await upgrade('/admin')).toMatch(/^HTTP\/1.1 404/);
  });

  test('are told to come again while no gateway is there', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const lonely = await startWebChat({
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'wss://chat.example.com/ws',
      files: new Map(),
      guests: new Guests({ key, issuer: 'demo', audience: 'chat' }),
      throttle: new GuestThrottle({ proxies: 1, now: () => performance.now() }),
      sockets: new SocketProxy(new URL(`ws://127.0.0.1:${port}/ws`)),
    });
    expect(await upgrade('/ws', lonely.url)).toMatch(/^HTTP\/1.1 503 [^]*Retry-After/);
    expect(await (await fetch(`${lonely.url}/config`)).json()).toEqual({ url: 'wss://chat.example.com/ws' });
    await lonely.close();
  });
});

describe('settings', () => {
  const env = { PAGE: 'p', KEY_FILE: 'k', ISSUER: 'demo', AUDIENCE: 'chat', GATEWAY_URL: 'ws://gateway/ws' };

  test('come from flags before the environment', () => {
    expect(readSettings(['--port', '0'], { ...env, PORT: '8080' })).toMatchObject({
      port: 0,
      host: '127.0.0.1',
      page: 'p',
    });
  });

  test.each([
    [{ KEY_FILE: undefined }, /key-file is not set; give --key-file or KEY_FILE/],
    [{ PORT: 'x' }, /port is "x"/],
    [{ GATEWAY_URL: 'demo-gateway' }, /give the address of the gateways/],
  ])('%j is refused with what to write', (change, message) => {
    expect(() => readSettings([], { ...env, ...change })).toThrow(message);
  });
});
