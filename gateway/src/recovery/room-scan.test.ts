import fc from 'fast-check';
import type { InRecord, RangeReader } from '@chatplatform/kafka';
import { BEGINNING, decodeLogMessage, encodeRecord, RecordError } from '@chatplatform/protocol';
import { memoryRedis, type History } from '@chatplatform/redis';
import { ManualClock, seededRandom, type Random } from '@chatplatform/runtime';
import { logOf } from '../publish/log.ts';
import type { RoomEntry } from '../rooms/ring.ts';
import { RoomScan, type Scanned } from './room-scan.ts';

const LOG = logOf('epoch0', 4);
const ROOM = 'team:1';
const PARTITION = LOG.partitionOf(ROOM);
/** A room that shares the partition, to be left out. */
const OTHER =
  ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find((room) => LOG.partitionOf(room) === PARTITION) ?? '';
const CONTEXT = { epoch: LOG.epoch, partitions: LOG.partitions, keepsLatest: () => false };
const SENDERS = ['ann', 'bob', 'cleo'];
const MINUTE = 60_000;

interface Sent {
  room: string;
  user: string;
  n: number;
  at: number;
}

/** A partition that senders write to, as gateways do: in order, some of it twice, with `re` when the client does it. */
class Partition {
  readonly records: InRecord[] = [];
  begin = 0;
  #now = 1_760_000_000_000;

  add({ room, user, n }: Omit<Sent, 'at'>, re?: number): void {
    const { key, value, headers } = encodeRecord({
      room,
      cid: `instance-of-${user.padEnd(8, '0')}.${n}`,
      user,
      data: `${user} ${n}`,
      re,
    });
    this.push({ key, value: Buffer.from(value), headers });
  }

  push(record: Pick<InRecord, 'key' | 'value' | 'headers'>): void {
    this.records.push({
      ...record,
      partition: PARTITION,
      offset: this.records.length,
      timestamp: this.#now,
    });
  }

  get now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  reader(): RangeReader {
    return {
      bounds: () => Promise.resolve({ begin: this.begin, end: this.records.length }),
      read: ({ from, to, maxRecords }) =>
        Promise.resolve(this.records.slice(from, Math.min(to, from + maxRecords))),
    };
  }

  offsetAt(time: number): number {
    const found = this.records.findIndex(
      ({ offset, timestamp }) => offset >= this.begin && timestamp >= time,
    );
    return found < 0 ? this.records.length : found;
  }

  scan(from: string, head: string | undefined, isTrusted?: (record: InRecord) => boolean): RoomScan {
    const parts = {
      reader: this.reader(),
      topic: 'messages',
      clock: new ManualClock(),
      log: LOG,
      isTrusted,
      offsetAt: (_: number, time: number) => Promise.resolve(this.offsetAt(time)),
    };
    return new RoomScan(parts, { room: ROOM, from, head });
  }
}

/** What workers make of it. */
async function workersView(partition: Partition): Promise<History> {
  const history = memoryRedis().open().history(LOG.epoch);
  for (const record of partition.records) {
    const message = decodeLogMessage(record, CONTEXT);
    if (message instanceof RecordError) continue;
    await history.append({ room: message.room, messages: [message], firstPrevious: BEGINNING });
  }
  return history;
}

/** Traffic with everything that makes copies. */
function traffic(random: Random, count: number): Partition {
  const partition = new Partition();
  const sent: Sent[] = [];
  const next = new Map<string, number>();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  for (let step = 0; step < count; step += 1) {
    partition.pass(random.next() < 0.1 ? random.next() * 10 * MINUTE : random.next() * 5_000);
    const dice = random.next();
    if (dice < 0.05) partition.push({ key: ROOM, value: Buffer.from('no json'), headers: { v: '1' } });
    else if (dice < 0.25 && sent.length > 0) {
      const copy = pick(sent.slice(-6));
      const age = partition.now - copy.at;
      // A producer's own copy follows soon; a client's says how old it is, by its own clock and some way earlier.
      if (age < MINUTE / 2 && random.next() < 0.5) partition.add(copy);
      else partition.add(copy, Math.max(0, Math.floor(age - random.next() * 2_000)));
    } else {
      const [room, user] = [random.next() < 0.7 ? ROOM : OTHER, pick(SENDERS)];
      const n = (next.get(`${room} ${user}`) ?? 0) + 1;
      next.set(`${room} ${user}`, n);
      sent.push({ room, user, n, at: partition.now });
      partition.add({ room, user, n });
    }
  }
  return partition;
}

test('what a reading finds is what workers made of the same records, copies left out and chained alike', async () => {
  let compared = 0;
  let copies = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 5, max: 80 }), async (seed, count) => {
      const random = seededRandom(seed);
      const partition = traffic(random, count);
      const history = await workersView(partition);
      const all = (await history.after(ROOM, BEGINNING, 1000)).entries;
      const head = all.at(-1)?.id;
      if (head === undefined) return;
      const from = random.next() < 0.1 ? BEGINNING : (all[Math.floor(random.next() * all.length)]?.id ?? '');
      const found = (await partition.scan(from, random.next() < 0.5 ? head : undefined).run()) as Scanned;
      const owed: RoomEntry[] = all
        .filter(({ id }) => id > from)
        .map(({ id, p, frame }) => ({ id, p, frame }));
      expect(found).toEqual({ complete: true, entries: owed });
      compared += owed.length;
      copies += partition.records.filter(({ key }) => key === ROOM).length - all.length;
    }),
    { numRuns: 100 },
  );
  // The property means something only when these happened often.
  expect(compared).toBeGreaterThan(400);
  expect(copies).toBeGreaterThan(100);
}, 60_000);

function three(): Partition {
  const partition = new Partition();
  for (const n of [1, 2, 3]) {
    partition.add({ room: ROOM, user: 'ann', n });
    partition.pass(1000);
  }
  return partition;
}

const id = (offset: number): string => LOG.idOf(PARTITION, offset);

test('a log that no longer has the position says expired', async () => {
  const partition = three();
  partition.begin = 1;
  expect(await partition.scan(id(0), id(2)).run()).toBe('expired');
  expect(await partition.scan(BEGINNING, id(2)).run()).toBe('expired');
});

test('where the log no longer reaches back to where a first copy may stand, nothing is believed', async () => {
  const partition = three();
  partition.begin = 1;
  expect(await partition.scan(id(1), id(2)).run()).toBe('unverified');
  partition.pass(2 * MINUTE);
  partition.add({ room: ROOM, user: 'ann', n: 4 });
  expect(await partition.scan(id(2), id(3)).run()).toMatchObject({ entries: [{ id: id(3), p: id(2) }] });
});

test('a head that the reading does not end at is no proof', async () => {
  const partition = three();
  partition.add({ room: ROOM, user: 'ann', n: 3 });
  expect(await partition.scan(id(0), id(3)).run()).toBe('unverified');
});

test('a log that ends before the position or the head is busy with itself', async () => {
  const partition = three();
  expect(await partition.scan(id(3), undefined).run()).toBe('busy');
  expect(await partition.scan(id(0), id(7)).run()).toBe('busy');
});

test('a position that is no message of the room is the end of no chain', async () => {
  const partition = three();
  partition.add({ room: OTHER, user: 'ann', n: 1 });
  partition.add({ room: ROOM, user: 'ann', n: 4 });
  expect(await partition.scan(id(3), undefined).run()).toBe('unverified');
});

test('a record with a signature that workers may have refused makes the answer unverified', async () => {
  const partition = three();
  expect(await partition.scan(id(0), id(2), ({ offset }) => offset !== 2).run()).toBe('unverified');
  expect(await partition.scan(id(0), id(2), () => true).run()).toMatchObject({ complete: true });
});
