import fc from 'fast-check';
import { formatPosition } from '@chatplatform/protocol';
import { ManualClock, seededRandom, type Random } from '@chatplatform/runtime';
import { FakeSockets, type FakeSocket } from '../testing/fake-sockets.ts';
import { FanOut } from './fan-out.ts';
import { SharedHistory } from './history.ts';
import { Joiner, type CompletedJoin } from './joiner.ts';
import { LocalRooms } from './local-rooms.ts';
import type { HistoryPage } from './local-room.ts';
import { RingBudget, type RoomEntry } from './ring.ts';
import { topicOf } from './topics.ts';

// The two promises of a room, under any interleaving of appends, pushes that are lost, late, doubled or out of order,
// history reads that are slow or fail, joins, leaves and audits: a member misses nothing and sees nothing twice.

const ROOM = 'r';
const LOG = formatPosition('epoch0', 3, 0).slice(0, 9);
const idOf = (offset: number): string => formatPosition('epoch0', 3, offset);

interface Member {
  socket: FakeSocket;
  /** Ids before the first one it has to see. */
  from: string | undefined;
  seen: string[];
  /** It has to sync for what lies between its reply and this head. */
  more: boolean;
  recovered: boolean;
  joined: boolean;
}

/** Room, log, pub/sub and history in one process, moved step by step in random order. */
class World {
  readonly random: Random;
  readonly clock = new ManualClock();
  readonly sockets = new FakeSockets();
  readonly log: RoomEntry[] = [];
  readonly members: Member[] = [];
  readonly counted = new Map<string, number>();
  readonly #pushes: RoomEntry[] = [];
  readonly #reads: (() => void)[] = [];
  readonly #routes: (() => void)[] = [];
  readonly #history: SharedHistory;
  readonly #fanOut: FanOut;
  readonly #joiner: Joiner;
  readonly rooms: LocalRooms;
  #routed = false;
  #flush: (() => void) | undefined;
  /** Readers meet errors while true. */
  failing = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.#history = new SharedHistory({
      after: (_room, from, max) => this.#read(() => this.#after(from, max)),
      newest: (_room, max) => this.#read(() => this.#newest(max)),
      before: () => Promise.reject(new Error('unused')),
      heads: () => Promise.reject(new Error('unused')),
      beginning: () => Promise.reject(new Error('unused')),
    });
    this.#fanOut = new FanOut({
      broadcaster: this.sockets,
      windowMs: () => 0,
      schedule: (fn) => {
        this.#flush = fn;
      },
      onFrame: () => undefined,
    });
    this.rooms = new LocalRooms({
      incarnation: 'gw',
      clock: this.clock,
      onRouteError: () => undefined,
      routes: {
        add: () => this.#later(this.#routes, () => (this.#routed = true)),
        remove: () => this.#later(this.#routes, () => (this.#routed = false)),
      },
      surroundings: {
        clock: this.clock,
        budget: new RingBudget(this.random.next() < 0.3 ? 400 : 1_000_000),
        deliver: (_room, entries) => {
          for (const entry of entries) this.#fanOut.add(topicOf('msg', ROOM), entry.frame);
        },
        readAfter: (room, from) => this.#history.after(room, from, 5),
        count: (event) => this.counted.set(event, (this.counted.get(event) ?? 0) + 1),
      },
    });
    this.#joiner = new Joiner({ history: this.#history, fanOut: this.#fanOut, clock: this.clock });
  }

  get head(): string {
    return this.log.at(-1)?.id ?? '';
  }

  append(): void {
    const id = idOf(this.log.length * 3 + 1);
    const entry = { id, p: this.head, frame: JSON.stringify({ m: { id, p: this.head } }) };
    this.log.push(entry);
    if (!this.#routed || this.chance(0.15)) return;
    this.#pushes.push(entry);
    if (this.chance(0.05)) this.#pushes.push(entry);
  }

  push(): void {
    if (this.#pushes.length === 0) return;
    const at = this.chance(0.85) ? 0 : this.pick(this.#pushes.length);
    const [entry] = this.#pushes.splice(at, 1);
    if (entry !== undefined) this.rooms.get(ROOM)?.accept(entry);
  }

  answer(queue: (() => void)[] = this.chance(0.5) ? this.#reads : this.#routes): void {
    queue.splice(this.pick(queue.length), 1)[0]?.();
  }

  flush(): void {
    const flush = this.#flush;
    this.#flush = undefined;
    flush?.();
  }

  audit(): void {
    this.rooms.get(ROOM)?.compareHead(this.head);
  }

  async join(): Promise<void> {
    const known = this.log[this.pick(this.log.length)];
    const pos = this.chance(0.5) ? known?.id : undefined;
    const member: Member = {
      socket: this.sockets.open(),
      from: pos,
      seen: [],
      more: false,
      recovered: true,
      joined: false,
    };
    this.members.push(member);
    try {
      const room = await this.rooms.enter(ROOM);
      const request = { pos, limit: 4, log: LOG, classes: ['msg'], occ: 0 } as const;
      const prepared = await this.#joiner.prepare(room, request);
      await this.#joiner.settle([prepared], (ready) => {
        if (ready.length === 0) this.rooms.leave(ROOM);
        this.#joiner.complete(member.socket, ready, (done) => this.#joined(member, done));
      });
    } catch {
      // The history could not be read: the client is told so and tries again.
    }
  }

  leave(): void {
    const member = this.members.find((one) => one.joined && !one.socket.closed);
    if (member === undefined) return;
    member.socket.end(1000);
    this.rooms.leave(ROOM);
  }

  /** Lets everything come to rest: nothing fails any more, and an audit finds what was lost. */
  async rest(): Promise<void> {
    this.failing = false;
    // Every round at most one page of five: enough for the longest backlog.
    for (let round = 0; round < 100; round += 1) {
      while (this.#pushes.length > 0) this.push();
      for (const queue of [this.#reads, this.#routes]) while (queue.length > 0) this.answer(queue);
      this.flush();
      this.audit();
      await this.clock.advance(300);
    }
    this.flush();
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  pick(count: number): number {
    return Math.floor(this.random.next() * count);
  }

  #joined(member: Member, done: CompletedJoin[]): void {
    for (const { body, behind } of done) {
      const reply = JSON.parse(body) as {
        msgs: { id: string }[];
        more: boolean;
        recovered: boolean;
        head: string;
      };
      const ids = reply.msgs.map((message) => message.id);
      member.joined = true;
      member.recovered = reply.recovered;
      // Newest messages, or a piece of what followed its position: from there it has to see everything.
      const gapAfterReply = member.from !== undefined && reply.recovered && reply.more;
      member.from = gapAfterReply ? reply.head : (member.from ?? before(ids[0], this.log) ?? reply.head);
      if (!reply.recovered) member.from = before(ids[0], this.log) ?? reply.head;
      if (!gapAfterReply) member.seen.push(...ids);
      if (behind.length > 0) member.socket.send(behind.join('\n'));
    }
  }

  #read(page: () => HistoryPage): Promise<HistoryPage> {
    return new Promise((resolve, reject) => {
      // Executed at one moment, received at a later one.
      this.#reads.push(() => {
        if (this.failing) {
          reject(new Error('away'));
          return;
        }
        const result = page();
        if (this.chance(0.5)) resolve(result);
        else this.#reads.push(() => resolve(result));
      });
    });
  }

  #after(from: string, max: number): HistoryPage {
    const newer = this.log.filter((entry) => entry.id > from);
    const entries = newer.slice(0, max);
    return { entries, more: newer.length > max, head: this.head, lost: false };
  }

  #newest(max: number): HistoryPage {
    return { entries: this.log.slice(-max), more: this.log.length > max, head: this.head, lost: false };
  }

  #later(queue: (() => void)[], effect: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      queue.push(() => {
        if (this.failing) {
          reject(new Error('away'));
          return;
        }
        effect();
        resolve();
      });
    });
  }
}

function before(id: string | undefined, log: readonly RoomEntry[]): string | undefined {
  return log.find((entry) => entry.id === id)?.p;
}

async function run(seed: number, steps: number): Promise<World> {
  const world = new World(seed);
  const actions: [number, () => unknown][] = [
    [6, () => world.append()],
    [6, () => world.push()],
    [5, () => world.answer()],
    [4, () => world.flush()],
    [1, () => void world.join()],
    [0.4, () => world.leave()],
    [0.3, () => world.audit()],
    [0.3, () => world.clock.advance(world.chance(0.1) ? 31_000 : 300)],
    [0.2, () => (world.failing = !world.failing)],
  ];
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < steps; step += 1) {
    let dice = world.random.next() * total;
    const [, action] = actions.find(([weight]) => (dice -= weight) < 0) ?? actions[0]!;
    await action();
    if (world.chance(0.5)) await new Promise(setImmediate);
  }
  await world.rest();
  return world;
}

function seenBy(member: Member): string[] {
  const pushed = member.socket.lines.map((line) => (line['m'] as { id: string }).id);
  return [...member.seen, ...pushed];
}

test('a member of a room misses nothing and sees nothing twice, whatever happens in which order', async () => {
  let joined = 0;
  let repaired = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 50, max: 400 }), async (seed, steps) => {
      const world = await run(seed, steps);
      for (const member of world.members) {
        if (!member.joined) continue;
        joined += 1;
        const owed = world.log.map((entry) => entry.id).filter((id) => id > (member.from ?? ''));
        const seen = seenBy(member);
        if (member.socket.closed) expect(seen).toEqual(owed.slice(0, seen.length));
        else expect(seen).toEqual(owed);
      }
      repaired += world.counted.get('repaired') ?? 0;
    }),
    { numRuns: 200 },
  );
  // The property means something only when these happened often.
  expect(joined).toBeGreaterThan(400);
  expect(repaired).toBeGreaterThan(100);
}, 60_000);
