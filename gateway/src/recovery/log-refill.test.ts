import { KafkaError, type InRecord, type RangeReader } from '@chatplatform/kafka';
import { encodeRecord } from '@chatplatform/protocol';
import { ManualClock } from '@chatplatform/runtime';
import { logOf } from '../publish/log.ts';
import { holeAfter } from '../rooms/catch-up.ts';
import { LogRefill, type ScanReport } from './log-refill.ts';
import { refilledAfter } from './refilled-history.ts';
import { MAX_MS } from './room-scan.ts';

const LOG = logOf('epoch0', 1);
const id = (offset: number): string => LOG.idOf(0, offset);
/** Sparse enough that no copy can stand before a position. */
const STEP_MS = 120_000;

function recordOf(offset: number, room = 'r'): InRecord {
  const { key, value, headers } = encodeRecord({
    room,
    cid: `instance-of-ann-00.${offset + 1}`,
    user: 'ann',
    data: offset,
  });
  return {
    key,
    value: Buffer.from(value),
    headers,
    partition: 0,
    offset,
    timestamp: 1_760_000_000_000 + offset * STEP_MS,
  };
}

/** A log of one partition whose reads wait until they are let through. */
class Desk {
  readonly clock = new ManualClock();
  readonly reports: ScanReport[] = [];
  readonly #held: (() => void)[] = [];
  holds = false;
  fails = false;
  /** Time one read takes, ms. */
  readMs = 0;
  reading = 0;
  readonly records: InRecord[];

  constructor(count: number) {
    this.records = Array.from({ length: count }, (_, offset) => recordOf(offset));
  }

  get scans(): number {
    return this.reports.length;
  }

  refill(moderated = false): LogRefill {
    const reader: RangeReader = {
      bounds: async () => {
        if (this.fails) throw new KafkaError('unavailable', 'no broker answers');
        this.reading += 1;
        if (this.holds) await new Promise<void>((resolve) => this.#held.push(resolve));
        this.reading -= 1;
        return { begin: 0, end: this.records.length };
      },
      read: async ({ from, to, maxRecords }) => {
        if (this.readMs > 0) await this.clock.advance(this.readMs);
        return this.records.slice(from, Math.min(to, from + maxRecords));
      },
    };
    return new LogRefill({
      reader,
      topic: 'messages',
      clock: this.clock,
      log: LOG,
      moderated,
      offsetAt: () => Promise.resolve(0),
      onScan: (report) => this.reports.push(report),
    });
  }

  letGo(): void {
    this.holds = false;
    for (const go of this.#held.splice(0)) go();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('those who ask for a room at one moment share one reading, and the next pages come from it too', async () => {
  const desk = new Desk(10);
  const refill = desk.refill();
  const range = { max: 3, head: id(9) };
  const [a, b, c] = await Promise.all([
    refill.after('r', { ...range, from: id(0) }),
    refill.after('r', { ...range, from: id(0) }),
    refill.after('r', { ...range, from: id(4), head: id(8) }),
  ]);
  expect(a.entries.map((entry) => entry.id)).toEqual([id(1), id(2), id(3)]);
  expect(a).toMatchObject({ more: true, head: id(9), lost: false, source: 'kafka' });
  expect(b).toEqual(a);
  expect(c.entries.map((entry) => entry.id)).toEqual([id(5), id(6), id(7)]);
  const next = await refill.after('r', { ...range, from: id(6) });
  expect(next.entries.map((entry) => entry.id)).toEqual([id(7), id(8), id(9)]);
  expect(next.more).toBe(false);
  expect(desk.scans).toBe(1);
  await refill.after('r', { ...range, from: id(0), head: id(9), max: 100 });
  await desk.clock.advance(6_000);
  await refill.after('r', { ...range, from: id(0) });
  expect(desk.scans).toBe(2);
});

test('an end that is not known is looked for by everybody: what was written meanwhile must not be missing', async () => {
  const desk = new Desk(3);
  const refill = desk.refill();
  const first = await refill.after('r', { from: id(0), max: 9, head: undefined });
  desk.records.push(recordOf(3));
  const second = await refill.after('r', { from: id(0), max: 9, head: undefined });
  expect([first.head, second.head]).toEqual([id(2), id(3)]);
});

test('no more than four readings at a time; who waits too long is told that it is busy', async () => {
  const desk = new Desk(3);
  desk.holds = true;
  const refill = desk.refill();
  const ask = (room: string) => refill.after(room, { from: id(0), max: 9, head: undefined });
  const answers = Array.from({ length: 6 }, (_, n) => ask(`r${n}`).catch((error: unknown) => error));
  await settle();
  expect(desk.reading).toBe(4);
  // The first four do not answer in time, the others do not get their turn.
  await desk.clock.advance(5_001);
  desk.letGo();
  const found = await Promise.all(answers);
  expect(found.slice(0, 4).every((error) => error instanceof KafkaError)).toBe(true);
  expect(found.slice(4)).toMatchObject([
    { lost: true, reason: 'busy' },
    { lost: true, reason: 'busy' },
  ]);
  expect((await ask('r')).lost).toBe(false);
});

test('a reading that meets its bounds gives full pages only, and says busy instead of a short one', async () => {
  const desk = new Desk(12_000);
  desk.readMs = MAX_MS + 1;
  const page = await desk.refill().after('r', { from: id(0), max: 200, head: id(11_999) });
  expect(page).toMatchObject({ more: true, lost: false });
  expect(page.entries).toHaveLength(200);
  for (const record of desk.records.splice(1, 11_000))
    desk.records.splice(record.offset, 0, { ...record, key: 's' });
  const short = await desk.refill().after('r', { from: id(0), max: 200, head: id(11_999) });
  expect(short).toMatchObject({ lost: true, reason: 'busy', entries: [] });
  expect(desk.reports.map(({ result }) => result)).toEqual(['cut', 'cut']);
});

test('where rules may refuse messages the log vouches for a history that lacks none of its records', async () => {
  const desk = new Desk(3);
  const refill = desk.refill(true);
  const entry = (offset: number) => ({ id: id(offset), p: '?', t: 1, frame: '{}' });
  const ask = (entries: ReturnType<typeof entry>[], more = false) => {
    const page = { entries, more, head: id(2), lost: true };
    const history = { after: () => Promise.resolve(page) };
    return refilledAfter({ history, refill }, 'r', { from: id(0), max: 9, atLeast: undefined });
  };
  expect(await ask([entry(1), entry(2)])).toMatchObject({
    lost: false,
    entries: [{ id: id(1) }, { id: id(2) }],
  });
  expect(await ask([entry(1)], true)).toMatchObject({ lost: false, more: true, head: id(2) });
  // What members are owed all the same is what the history has.
  expect(await ask([entry(2)])).toMatchObject({ lost: true, reason: 'unverified', entries: [{ id: id(2) }] });
});

test('where rules may refuse messages nothing else is believed', async () => {
  const desk = new Desk(3);
  const page = await desk.refill(true).after('r', { from: id(0), max: 9, head: id(2) });
  expect(page).toMatchObject({ lost: true, reason: 'unverified' });
  expect(desk.scans).toBe(0);
});

test('with the history away and no proof in the log it has to be asked again, and nothing is given up', async () => {
  const refill = new Desk(3).refill(true);
  const history = { after: () => Promise.reject(new Error('away')) };
  for (const [from, atLeast] of [
    ['', undefined],
    [id(1), undefined],
    [id(0), id(2)],
  ] as const) {
    const page = refilledAfter({ history, refill }, 'r', { from, max: 9, atLeast });
    await expect(page).rejects.toThrow('away');
  }
});

test('a position without a proof is not complete, whatever its place; an empty log proves that nothing was', async () => {
  const page = await new Desk(3).refill(true).after('r', { from: id(1), max: 9, head: undefined });
  expect([page.vacancy, holeAfter(page, id(1))]).toEqual(['unknown', 'unverified']);
  const empty = await new Desk(0).refill().after('r', { from: '', max: 9, head: undefined });
  expect(empty).toMatchObject({ entries: [], head: '', lost: false, vacancy: 'known' });
});

test('a log that is away is asked again; when that lasts it is told', async () => {
  const desk = new Desk(3);
  desk.fails = true;
  const refill = desk.refill();
  const ask = () => refill.after('r', { from: id(0), max: 9, head: id(2) });
  await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
  await desk.clock.advance(31_000);
  expect(await ask()).toMatchObject({ lost: true, reason: 'busy' });
  desk.fails = false;
  expect((await ask()).entries).toHaveLength(2);
  desk.fails = true;
  await desk.clock.advance(6_000);
  await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
});

test('the history answers where it can; the log where the history is trimmed, behind, or away', async () => {
  const desk = new Desk(5);
  const refill = desk.refill();
  const entry = { id: id(4), p: id(3), t: 1, frame: '{}' };
  const whole = { entries: [entry], more: false, head: id(4), lost: false };
  const after = (answer: object | Error, atLeast?: string) => {
    const history = {
      after: () =>
        answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as typeof whole),
    };
    return refilledAfter({ history, refill }, 'r', { from: id(1), max: 9, atLeast });
  };
  const ids = async (page: ReturnType<typeof after>) => (await page).entries.map((one) => one.id);
  expect(await after(whole)).toBe(whole);
  expect(await ids(after({ entries: [], more: false, head: id(1), lost: false }, id(3)))).toEqual([
    id(2),
    id(3),
  ]);
  expect(await ids(after({ ...whole, lost: true }))).toEqual([id(2), id(3), id(4)]);
  expect(await ids(after({ entries: [], more: false, head: '', vacancy: 'unknown', lost: true }))).toEqual([
    id(2),
    id(3),
    id(4),
  ]);
  expect(await ids(after(new Error('away')))).toEqual([id(2), id(3), id(4)]);
  const behind = { entries: [], more: false, head: id(1), lost: false };
  // Nobody has offset 9: up to its end the history is right all the same.
  expect(await after(behind, id(9))).toBe(behind);
});
