import { once } from 'node:events';
import { jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { ManualClock, systemClock } from '@chatplatform/runtime';
import { createMetrics } from '@chatplatform/telemetry';
import { gatewayMetrics } from '../admin/gateway-metrics.ts';
import { topicOf } from '../rooms/topics.ts';
import { listen, type Server } from '../server/server.ts';
import { MAX_BACKPRESSURE_BYTES } from '../server/settings.ts';
import type { Socket } from '../server/socket.ts';
import type { Session } from './session.ts';
import { SlowConsumers } from './slow-consumers.ts';

// The real server, and a peer that stops reading: what waits for it is in the server's own buffer.

jest.setTimeout(30_000);

const ROOM = 'team:1';
const metrics = gatewayMetrics(createMetrics({ defaults: false }));
/** A message; small against the steps of the limit, large enough to fill the kernel's buffers soon. */
const MESSAGE = `{"m":"${'x'.repeat(16_000)}"}`;

let server: Server;
let socket: Socket;
let closedWith: number | undefined;
let peer: WebSocket;
let received: string[];
let byes: number[];
let session: Session;
let slow: SlowConsumers;

beforeEach(async () => {
  closedWith = undefined;
  const opened = new Promise<Socket>((resolve) => {
    void listen({
      host: '127.0.0.1',
      port: 0,
      reusePort: false,
      maxFrameBytes: 65_536,
      admit: () => undefined,
      addressOf: () => '127.0.0.1',
      http: { serve: () => undefined } as never,
      events: {
        opened: resolve,
        received: () => undefined,
        drained: () => undefined,
        closed: (_socket, code) => {
          closedWith = code;
        },
      },
      clock: systemClock,
      onCertificate: () => undefined,
      unsupportedVersion: () => undefined,
    }).then((listening) => {
      server = listening;
      peer = new WebSocket(`ws://127.0.0.1:${listening.port}/ws`, ['cp1.json']);
      received = [];
      peer.on('message', (data: Buffer) => received.push(...data.toString().split('\n')));
      peer.on('error', () => undefined);
    });
  });
  socket = await opened;
  // A peer that has not heard of the upgrade yet cannot be paused.
  if (peer.readyState !== WebSocket.OPEN) await once(peer, 'open');
  byes = [];
  session = {
    socket,
    trimmed: false,
    ended: false,
    rooms: new Map([[ROOM, ['msg', 'typing', 'presence']]]),
    bye: (code: number) => void byes.push(code),
  } as unknown as Session;
  const handed = (): number => server.handed;
  slow = new SlowConsumers({ sessions: () => [session], handed, clock: systemClock, metrics });
  for (const cls of ['msg', 'typing', 'presence'] as const) socket.subscribe(topicOf(cls, ROOM));
});

afterEach(() => {
  peer.terminate();
  server.close();
});

/** Publishes messages until that share of the limit waits; the kernel takes some megabytes first. */
async function fillTo(share: number): Promise<number> {
  peer.pause();
  let sent = 0;
  while (socket.bufferedBytes() <= share * MAX_BACKPRESSURE_BYTES && !socket.closed) {
    server.publish(topicOf('msg', ROOM), MESSAGE);
    sent += 1;
    // What was published leaves with the turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

function look(): void {
  slow.look();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('from half of the limit on nothing ephemeral is sent; every message is; it comes back when the peer reads', async () => {
  const first = await fillTo(0.5);
  look();
  expect(session.trimmed).toBe(true);
  // A room joined meanwhile is no exception.
  session.rooms.set('team:2', ['msg', 'typing']);
  socket.subscribe(topicOf('typing', 'team:2'));
  look();
  server.publish(topicOf('typing', ROOM), 'typing 1');
  server.publish(topicOf('presence', ROOM), 'presence 1');
  server.publish(topicOf('typing', 'team:2'), 'typing 2');
  server.publish(topicOf('msg', ROOM), 'last');
  peer.resume();
  await until(() => received.includes('last'));
  look();
  expect(session.trimmed).toBe(false);
  server.publish(topicOf('typing', ROOM), 'typing 3');
  server.publish(topicOf('typing', 'team:2'), 'typing 4');
  await until(() => received.includes('typing 4'));
  expect(received.filter((line) => line === MESSAGE)).toHaveLength(first);
  expect(received.filter((line) => line !== MESSAGE)).toEqual(['last', 'typing 3', 'typing 4']);
  expect(byes).toEqual([]);
});

test('from three quarters on a goodbye is tried', async () => {
  await fillTo(0.75);
  look();
  expect(byes).toEqual([3008]);
  expect(closedWith).toBeUndefined();
  expect(socket.overflowed).toBe(false);
});

test('at the limit the connection is cut, and the peer has a part of the messages without a hole', async () => {
  const sent = await fillTo(Infinity);
  peer.resume();
  const [code] = (await once(peer, 'close')) as [number];
  expect(code).toBe(1006);
  expect(socket.overflowed).toBe(true);
  expect(received.length).toBeLessThan(sent);
  expect(received.every((line) => line === MESSAGE)).toBe(true);
});

describe('nobody is asked what waits', () => {
  const LONGEST_MS = 5_000;
  let handed: number;
  let waiting: number;
  let asked: number;
  let clock: ManualClock;
  let looks: SlowConsumers;

  beforeEach(() => {
    [handed, waiting, asked] = [0, 0, 0];
    clock = new ManualClock();
    const quiet = {
      socket: { bufferedBytes: () => ((asked += 1), waiting) },
      trimmed: false,
      rooms: new Map(),
    } as unknown as Session;
    looks = new SlowConsumers({ sessions: () => [quiet], handed: () => handed, clock, metrics });
    looks.look();
    expect(asked).toBe(1);
  });

  test('before half of the limit was handed over, to all of them together', () => {
    handed = MAX_BACKPRESSURE_BYTES / 2 - 1;
    looks.look();
    expect(asked).toBe(1);
    handed += 1;
    looks.look();
    expect(asked).toBe(2);
  });

  test('unless something already waited, by so much earlier', () => {
    waiting = MAX_BACKPRESSURE_BYTES / 4;
    handed = MAX_BACKPRESSURE_BYTES / 2;
    looks.look();
    handed += MAX_BACKPRESSURE_BYTES / 4 - 1;
    looks.look();
    expect(asked).toBe(2);
    handed += 1;
    looks.look();
    expect(asked).toBe(3);
  });

  test('but every five seconds all the same', async () => {
    await clock.advance(LONGEST_MS - 1);
    looks.look();
    expect(asked).toBe(1);
    await clock.advance(1);
    looks.look();
    expect(asked).toBe(2);
  });

  test('and each time as long as somebody is kept short', () => {
    waiting = MAX_BACKPRESSURE_BYTES * 0.6;
    handed = MAX_BACKPRESSURE_BYTES / 2;
    for (let n = 0; n < 3; n += 1) looks.look();
    expect(asked).toBe(4);
  });
});
