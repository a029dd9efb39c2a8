import { EventEmitter, once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { payloadOf } from './payload.ts';
import { Rover } from './rover.ts';
import { Tally } from './tally.ts';

const ROOM = 'bench:a';

interface Hello {
  readonly hello: { readonly resume?: string; readonly rooms: Record<string, { readonly pos?: string }> };
}

/** A gateway of one room whose messages are numbered 1, 2, 3 and have ids like these. */
class Gateway {
  readonly server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  readonly hellos: Hello['hello'][] = [];
  readonly sockets: WebSocket[] = [];

  constructor() {
    this.server.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.once('message', (data: Buffer) => this.#greet(socket, JSON.parse(data.toString()) as Hello));
    });
  }

  /** What a client that names a position gets with its join. */
  missed: number[] = [];

  push(socket: WebSocket, ...numbers: number[]): void {
    socket.send(numbers.map((number) => JSON.stringify({ m: message(number) })).join('\n'));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #greet(socket: WebSocket, { hello }: Hello): void {
    this.hellos.push(hello);
    const msgs = hello.rooms[ROOM]?.pos === undefined ? [] : this.missed.map(message);
    const rooms = { [ROOM]: { head: '', more: false, recovered: true, msgs } };
    socket.send(JSON.stringify({ i: 1, hello: { resume: `r${this.hellos.length}`, rooms } }));
  }
}

function message(number: number): object {
  return { r: ROOM, id: String(number), d: payloadOf(number, 0) };
}

describe('a rover', () => {
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });

  async function start(): Promise<{
    first: Gateway;
    second: Gateway;
    tally: Tally;
    joined: () => Promise<void>;
  }> {
    const [first, second] = [new Gateway(), new Gateway()];
    await Promise.all([once(first.server, 'listening'), once(second.server, 'listening')]);
    const tally = new Tally();
    const joins = new EventEmitter();
    const rover = new Rover({
      token: 't',
      room: ROOM,
      ports: [first.port, second.port],
      tally,
      index: tally.member(),
      onJoined: () => joins.emit('join'),
      onRefused: (text) => {
        throw new Error(text);
      },
    });
    opened.push(rover, first.server, second.server);
    const joined = async (): Promise<void> => {
      await once(joins, 'join');
    };
    await joined();
    return { first, second, tally, joined };
  }

  const counts = (tally: Tally) => tally.counts(() => 4);
  const CLEAN = { received: 4, lost: 0, doubled: 0, reordered: 0 };

  test('told to leave, opens the new connection first and drops what both bring', async () => {
    const { first, second, tally, joined } = await start();
    const old = first.sockets[0] as WebSocket;
    second.missed = [2, 3];
    first.push(old, 1);
    old.send(JSON.stringify({ drain: { after: [0, 5], deadline: 1000, resume: 'moving', reason: 'test' } }));
    first.push(old, 2);
    const gone = once(old, 'close');
    await joined();
    const [code] = await gone;
    expect(code).toBe(1000);
    const fresh = second.sockets[0] as WebSocket;
    second.push(fresh, 3, 4);
    const end = once(fresh, 'pong');
    fresh.ping();
    await end;
    expect(counts(tally)).toEqual(CLEAN);
    expect(second.hellos).toEqual([expect.objectContaining({ resume: 'moving' })]);
    expect(first.hellos).toHaveLength(1);
  });

  test('cut off, comes back once with its position', async () => {
    const { first, second, tally, joined } = await start();
    const old = first.sockets[0] as WebSocket;
    second.missed = [3, 4];
    first.push(old, 1, 2);
    const end = once(old, 'pong');
    old.ping();
    await end;
    old.terminate();
    await joined();
    expect(counts(tally)).toEqual(CLEAN);
    expect(second.hellos.map((hello) => hello.rooms[ROOM]?.pos)).toEqual(['2']);
  });
});
