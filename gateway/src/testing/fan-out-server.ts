// What a gateway does between its inbox and its sockets, and nothing else, in a process of its own for `bench`: every
// socket that comes is in one room; `publish` makes messages of it arrive as a worker would send them.
import { BEGINNING, formatPosition, messageFrame, toJson } from '@chatplatform/protocol';
import { encodeInboxLine, memoryRedis } from '@chatplatform/redis';
import { loopUtilization, systemClock } from '@chatplatform/runtime';
import { FanOut } from '../rooms/fan-out.ts';
import { flushWindow } from '../rooms/flush-window.ts';
import { LocalRoom } from '../rooms/local-room.ts';
import { RingBudget } from '../rooms/ring.ts';
import { topicOf } from '../rooms/topics.ts';
import { listen } from '../server/server.ts';

/** A run, as the parent process orders it. */
interface Order {
  readonly text: string;
  readonly burst: number;
  readonly turns: number;
  readonly everyMs: number;
}

const ROOM = 'team:1';
const TOPIC = topicOf('msg', ROOM);
/** As often as a gateway does. */
const SAMPLE_MS = 100;

const server = await listen({
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  maxFrameBytes: 65_536,
  admit: () => undefined,
  addressOf: () => '127.0.0.1',
  http: { serve: () => undefined } as never,
  events: {
    opened: (socket) => socket.subscribe(TOPIC),
    received: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  },
  clock: systemClock,
  onCertificate: () => undefined,
  unsupportedVersion: () => undefined,
});
const window = flushWindow();
const utilization = loopUtilization();
setInterval(() => window.sample(utilization()), SAMPLE_MS);
const fanOut = new FanOut({
  broadcaster: server,
  windowMs: () => window.ms,
  schedule: (fn, ms) => {
    if (ms === 0) setImmediate(fn);
    else setTimeout(fn, ms);
  },
  onFrame: () => undefined,
});
const room = new LocalRoom(ROOM, {
  clock: systemClock,
  budget: new RingBudget(),
  deliver: (_room, entries) => {
    for (const { frame } of entries) fanOut.add(TOPIC, frame);
  },
  readAfter: () => Promise.reject(new Error('nothing is missing here')),
  count: () => undefined,
});
room.seed(BEGINNING);
const redis = memoryRedis().open();
await redis.inbox.subscribe('gw', {
  onItems: (items) => {
    for (const { id = '', p = '', frame } of items) room.accept({ id, p, frame });
  },
  onGap: () => undefined,
});
const publisher = redis.inbox.publisher({ incarnation: 'worker' });

let offset = 0;
let last = BEGINNING;

function nextLine(text: string): string {
  offset += 1;
  const id = formatPosition('bench0', 0, offset);
  const cid = `benchbenchbench1.${offset}`;
  const frame = messageFrame({
    room: ROOM,
    id,
    p: last,
    user: 'bench',
    cid,
    ts: Date.now(),
    data: toJson(text),
  });
  const line = encodeInboxLine({ class: 'm', room: ROOM, id, p: last, frame });
  last = id;
  return line;
}

process.on('message', (order: Order | { stop: true }) => {
  if ('stop' in order) return;
  const { text, burst, turns, everyMs } = order;
  const before = process.cpuUsage();
  let turn = 0;
  const timer = setInterval(() => {
    void publisher.publish(
      'gw',
      Array.from({ length: burst }, () => nextLine(text)),
    );
    turn += 1;
    if (turn < turns) return;
    clearInterval(timer);
    process.send?.({ published: true });
  }, everyMs);
  process.once('message', () => {
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuSeconds: (user + system) / 1e6 });
  });
});
process.send?.({ port: server.port });
