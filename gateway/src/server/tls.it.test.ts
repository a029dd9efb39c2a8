import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ManualClock } from '@chatplatform/runtime';
import { freePorts, testAuthority, type TestAuthority } from '@chatplatform/testkit';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { listen } from './server.ts';
import type { Server } from './server.ts';
import type { Socket } from './socket.ts';

let folder: string;
let authority: TestAuthority;
let tls: { certFile: string; keyFile: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-tls-'));
  authority = await testAuthority(join(folder, 'authority'));
  tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes certificate and key of `name` where the gateway reads them. */
async function install(name: string): Promise<void> {
  const { certFile, keyFile } = await authority.issue(name);
  await copyFile(certFile, tls.certFile);
  await copyFile(keyFile, tls.keyFile);
}

interface Running {
  server: Server;
  clock: ManualClock;
  port: number;
  sockets: Socket[];
  told: (Error | undefined)[];
  /** Lets the gateway look at its files. */
  look(): Promise<void>;
}

async function start(): Promise<Running> {
  const clock = new ManualClock();
  const [port = 0] = await freePorts(1, '127.0.0.1');
  const sockets: Socket[] = [];
  const told: (Error | undefined)[] = [];
  const server = await listen({
    host: '127.0.0.1',
    port,
    reusePort: false,
    tls,
    clock,
    onCertificate: (error) => told.push(error as Error | undefined),
    maxFrameBytes: 65_536,
    admit: () => undefined,
    addressOf: (peer) => peer,
    http: {
      maxBodyBytes: () => 1000,
      refuse: () => undefined,
      handle: () => Promise.resolve({ status: 200, headers: {}, body: 'answered' }),
    },
    events: {
      opened: (socket) => sockets.push(socket),
      received: (socket, text) => void socket.send(`echo ${text}`),
      drained: () => undefined,
      closed: () => undefined,
    },
    unsupportedVersion: () => undefined,
  });
  const look = async (): Promise<void> => {
    const before = told.length;
    await clock.advance(10_000);
    // Files are read and listeners opened outside of the test's clock.
    for (let n = 0; n < 100 && told.length === before; n += 1)
      await new Promise((next) => setTimeout(next, 10));
    await new Promise((next) => setImmediate(next));
  };
  return { server, clock, port, sockets, told, look };
}

async function nameOf(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function open(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`wss://localhost:${port}/ws`, ['cp1.json'], { ca: authority.ca });
  await once(socket, 'open');
  return socket;
}

async function ask(socket: WebSocket, text: string): Promise<string> {
  const reply = once(socket, 'message');
  socket.send(text);
  const [data] = (await reply) as [Buffer];
  return data.toString();
}

test('a renewed certificate is for new connections; old ones live on and get everything', async () => {
  await install('first');
  const { server, port, sockets, told, look } = await start();
  const old = await open(port);
  expect(await nameOf(port)).toBe('first');

  await install('second');
  await look();
  expect(told).toEqual([undefined]);
  for (let n = 0; n < 5; n += 1) expect(await nameOf(port)).toBe('second');
  expect(await ask(old, 'still here')).toBe('echo still here');

  const fresh = await open(port);
  for (const socket of sockets) socket.subscribe('room');
  expect(server.subscribers('room')).toBe(2);
  expect(new Set(sockets.map(({ id }) => id)).size).toBe(2);
  const both = Promise.all([once(old, 'message'), once(fresh, 'message')]);
  server.publish('room', 'to all');
  expect((await both).map(([data]) => String(data))).toEqual(['to all', 'to all']);

  old.terminate();
  await look();
  expect(await ask(fresh, 'and I')).toBe('echo and I');
  server.close();
});

test('a key that does not belong to the certificate changes nothing, until it does', async () => {
  await install('good');
  const { server, port, told, look } = await start();
  const { keyFile } = await authority.issue('other');
  await copyFile(keyFile, tls.keyFile);
  await look();
  expect(told.at(-1)?.message).toMatch(/listen\.tls\.certFile .* cannot be used/);
  expect(await nameOf(port)).toBe('good');
  await install('better');
  await look();
  expect(told.at(-1)).toBeUndefined();
  expect(await nameOf(port)).toBe('better');
  server.close();
});

test('the HTTP API is served through it', async () => {
  await install('first');
  const { server, port } = await start();
  const answer = new Promise<string>((resolve, reject) => {
    const call = request({ port, host: 'localhost', path: '/api/v1/x', ca: authority.ca }, (response) => {
      response.on('data', (data: Buffer) => resolve(`${response.statusCode} ${data.toString()}`));
    });
    call.on('error', reject).end();
  });
  expect(await answer).toBe('200 answered');
  server.close();
});

test('it does not start with files that cannot be used, and says which', async () => {
  await install('first');
  await writeFile(tls.keyFile, 'no key');
  await expect(start()).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining(tls.keyFile),
  });
  await rm(tls.keyFile);
  await expect(start()).rejects.toMatchObject({
    code: 'config',
    message: expect.stringContaining('keyFile'),
  });
});
