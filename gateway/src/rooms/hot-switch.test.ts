import fc from 'fast-check';
import { BEGINNING, formatPosition } from '@chatplatform/protocol';
import {
  encodeInboxLine,
  hotChannelOf,
  INBOX_HEARTBEAT_MS,
  memoryRedis,
  type InboxPublisher,
  type InboxTransport,
  type MemoryRedis,
} from '@chatplatform/redis';
import { ManualClock, seededRandom, type Clock, type Random } from '@chatplatform/runtime';
import { LocalRoom } from './local-room.ts';
import { RingBudget, type RoomEntry } from './ring.ts';

// A room that becomes hot and cold again while messages are under way, on channels that delay and lose: every gateway
// with members delivers the room's log, each message once and in order.

const ROOM = 'team:1';
const HOT = hotChannelOf(ROOM);
/** Longest time a payload is under way, ms: far longer than between two messages, so that channels overtake each other. */
const LATE_MS = 50;

interface Run {
  seed: number;
  gateways: number;
  messages: number;
  /** How often the room changes between hot and cold. */
  change: number;
  loss: number;
}

/** Per channel in order, as Redis is; between channels in any order. */
function network(random: Random, clock: Clock, loss: number): (channels: InboxTransport) => InboxTransport {
  return (channels) => ({
    publish: (channel, payload) => channels.publish(channel, payload),
    listen: (names, on) => {
      const due = new Map<string, number>();
      return channels.listen(names, {
        reconnect: () => on.reconnect(),
        payload: (payload, channel) => {
          if (random.next() < loss) return;
          const at = Math.max(due.get(channel) ?? 0, clock.monotonic() + random.next() * LATE_MS);
          due.set(channel, at);
          clock.setTimeout(() => on.payload(payload, channel), at - clock.monotonic());
        },
      });
    },
  });
}

interface Member {
  room: LocalRoom;
  delivered: RoomEntry[];
  close: () => Promise<void>;
}

async function memberOf(
  name: string,
  world: { store: MemoryRedis; clock: Clock; log: RoomEntry[]; random: Random; loss: number },
): Promise<Member> {
  const { store, clock, log, random, loss } = world;
  const delivered: RoomEntry[] = [];
  const room = new LocalRoom(ROOM, {
    clock,
    budget: new RingBudget(),
    deliver: (_room, entries) => void delivered.push(...entries),
    count: () => undefined,
    readAfter: async (_room, from) => {
      await clock.sleep(random.next() * LATE_MS);
      const entries = log.filter(({ id }) => id > from);
      return { entries, more: false, head: log.at(-1)?.id ?? BEGINNING, lost: false };
    },
  });
  room.seed(BEGINNING);
  const { inbox } = store.open({ clock, network: network(random, clock, loss) });
  const subscription = await inbox.subscribe(name, {
    onItems: (items) => {
      for (const { id = '', p = '?', frame } of items) room.accept({ id, p, frame });
    },
    // As after a gap: the head is read, and compared.
    onGap: () => room.compareHead(log.at(-1)?.id ?? BEGINNING),
  });
  return {
    room,
    delivered,
    close: async () => {
      room.close();
      await subscription.close();
    },
  };
}

async function send(publisher: InboxPublisher, inboxes: readonly string[], entry: RoomEntry): Promise<void> {
  const line = encodeInboxLine({ class: 'm', room: ROOM, ...entry });
  await Promise.all(inboxes.map((inbox) => publisher.publish(inbox, [line])));
}

/** What each gateway delivered, and what is in the log. */
async function run({ seed, gateways, messages, change, loss }: Run) {
  const random = seededRandom(seed);
  const clock = new ManualClock();
  const store = memoryRedis({ clock });
  const log: RoomEntry[] = [];
  const names = Array.from({ length: gateways }, (_, n) => `gw-${n}`);
  const world = { store, clock, log, random, loss };
  const members = await Promise.all(names.map((name) => memberOf(name, world)));
  const publisher = store.open({ clock }).inbox.publisher({ incarnation: 'w' });
  let hot = false;
  for (let n = 1; n <= messages; n += 1) {
    if (random.next() < change) hot = !hot;
    const entry = { id: formatPosition('epoch1', 0, n), p: log.at(-1)?.id ?? BEGINNING, frame: `{"m":${n}}` };
    log.push(entry);
    await send(publisher, hot ? [HOT] : names, entry);
    await clock.advance(random.next() * 10);
  }
  // Losses of the last messages show by the heartbeats, of which some are lost too.
  await clock.advance(30 * INBOX_HEARTBEAT_MS);
  const delivered = members.map((member) => member.delivered.map(({ id }) => id));
  await publisher.signOff();
  await Promise.all(members.map(({ close }) => close()));
  return { delivered, log: log.map(({ id }) => id) };
}

test('a room that becomes hot and cold under traffic loses, doubles and reorders nothing', async () => {
  const runs = fc.record({
    seed: fc.nat(),
    gateways: fc.integer({ min: 1, max: 4 }),
    messages: fc.integer({ min: 1, max: 60 }),
    change: fc.constantFrom(0, 0.05, 0.5, 1),
    loss: fc.constantFrom(0, 0.02, 0.3),
  });
  const property = fc.asyncProperty(runs, async (wanted) => {
    const { delivered, log } = await run(wanted);
    for (const seen of delivered) expect(seen).toEqual(log);
  });
  await fc.assert(property, { numRuns: 150 });
});
