import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { RawSocket } from './raw-socket.ts';

interface Talk {
  readonly socket: RawSocket;
  readonly peer: WebSocket;
  readonly frames: string[];
  readonly closed: Promise<number | undefined>;
}

async function talk(server: WebSocketServer): Promise<Talk> {
  const frames: string[] = [];
  const connected = once(server, 'connection');
  let opened = (): void => undefined;
  let ended: (code: number | undefined) => void = () => undefined;
  const open = new Promise<void>((resolve) => (opened = resolve));
  const closed = new Promise<number | undefined>((resolve) => (ended = resolve));
  const { port } = server.address() as AddressInfo;
  const socket = new RawSocket(
    { port, path: '/ws', protocol: 'cp1.json' },
    { onOpen: opened, onFrame: (payload) => frames.push(payload.toString()), onClose: ended },
  );
  const [peer] = (await connected) as [WebSocket];
  await open;
  return { socket, peer, frames, closed };
}

describe('the raw client against another implementation', () => {
  let server: WebSocketServer;
  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
  });
  afterEach(() => server.close());

  test.each([0, 1, 125, 126, 65_535, 65_536, 600_000])(
    'sends and receives frames of %i bytes',
    async (size) => {
      const { socket, peer, frames, closed } = await talk(server);
      expect(peer.protocol).toBe('cp1.json');
      peer.on('message', (data: Buffer) => {
        peer.send(data.toString());
        peer.send('end');
        peer.close(3002);
      });
      socket.send('x'.repeat(size));
      expect(await closed).toBe(3002);
      expect(frames).toEqual(['x'.repeat(size), 'end']);
    },
  );

  test('many sockets share one read buffer without mixing their frames up', async () => {
    const talks: Talk[] = [];
    for (let number = 0; number < 20; number += 1) talks.push(await talk(server));
    const sizes = [10, 70_000, 300];
    for (const size of sizes)
      for (const [index, { peer }] of talks.entries())
        peer.send(String.fromCharCode(97 + index).repeat(size));
    for (const { peer } of talks) peer.close(1000);
    await Promise.all(talks.map(({ closed }) => closed));
    for (const { frames } of talks) expect(frames.map((frame) => frame.length)).toEqual(sizes);
    for (const { frames } of talks) expect(new Set(frames.join('')).size).toBe(1);
  });

  test('answers pings and says when the stream ended without a close', async () => {
    const { peer, closed } = await talk(server);
    peer.ping('are you there');
    expect(String((await once(peer, 'pong'))[0])).toBe('are you there');
    peer.terminate();
    expect(await closed).toBeUndefined();
  });
});
