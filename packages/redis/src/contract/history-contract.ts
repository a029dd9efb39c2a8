import { BEGINNING, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import type { AppendDone, AppendRequest, History } from '../history/history.ts';
import { EPOCH, NOON, idAt, message } from './messages.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

const LIMITS = { count: 1000, bytes: 1_000_000, ageMs: 86_400_000 };

async function done(history: History, request: AppendRequest): Promise<AppendDone> {
  const result = await history.append(request);
  if (result.behind) throw new Error(`behind: ${result.head}`);
  return result;
}

const words = (result: AppendDone): string[] => result.verdicts.map((verdict) => verdict.verdict);

/** The promises of `History`, one by one; the model in append-model.ts tries their combinations. */
export function historyContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const history = (): History => redis().history(EPOCH);

  describe('append', () => {
    test('gives ids, previous ids, head and routes; the entries carry what was given', async () => {
      const room = fresh('room');
      await redis().routes.add(room, 'gw-a');
      const result = await done(history(), {
        room,
        messages: [message(room, 0, ['i', 1]), message(room, 7, ['i', 2])],
      });
      expect(result.verdicts).toEqual([
        { id: idAt(0), p: UNKNOWN_PREVIOUS, verdict: 'appended' },
        { id: idAt(7), p: idAt(0), verdict: 'appended' },
      ]);
      expect(result.head).toBe(idAt(7));
      expect(result.routes).toEqual(['gw-a']);
      const page = await history().newest(room, 10);
      expect(page.entries.map(({ id, p, t }) => ({ id, p, t }))).toEqual([
        { id: idAt(0), p: UNKNOWN_PREVIOUS, t: NOON },
        { id: idAt(7), p: idAt(0), t: NOON + 7 },
      ]);
      const push = JSON.parse(page.entries[1]?.frame ?? '') as { m: Record<string, unknown> };
      expect(push.m).toMatchObject({ r: room, id: idAt(7), p: idAt(0), d: { text: '"p":"?" at 7 — ü' } });
    });

    test('says the same again for the same batch, whole or in part, and changes nothing', async () => {
      const room = fresh('room');
      const messages = [message(room, 1, ['i', 1]), message(room, 2, ['j', 1]), message(room, 3, ['i', 1])];
      const first = await done(history(), { room, messages });
      expect(words(first)).toEqual(['appended', 'appended', 'duplicate']);
      const before = await history().newest(room, 10);
      const again = await done(history(), { room, messages: messages.slice(0, 2) });
      expect(again.verdicts).toEqual([
        { id: idAt(1), p: UNKNOWN_PREVIOUS, verdict: 'present' },
        { id: idAt(2), p: idAt(1), verdict: 'present' },
      ]);
      const mixed = await done(history(), {
        room,
        messages: [...messages.slice(1), message(room, 4, ['i', 2])],
      });
      expect(words(mixed)).toEqual(['present', 'duplicate', 'appended']);
      expect(words(await done(history(), { room, messages }))).toEqual(['present', 'present', 'decided']);
      expect((await history().newest(room, 10)).entries.slice(0, 2)).toEqual(before.entries);
    });

    test('takes n at or below the last n of the instance as a duplicate, in one batch and across batches', async () => {
      const room = fresh('room');
      const sent: [number, number][] = [
        [1, 1],
        [2, 2],
        [3, 1],
        [4, 2],
        [5, 3],
      ];
      const result = await done(history(), {
        room,
        messages: sent.map(([at, n]) => message(room, at, ['i', n])),
      });
      expect(words(result)).toEqual(['appended', 'appended', 'duplicate', 'duplicate', 'appended']);
      expect(result.verdicts[4]?.p).toBe(idAt(2));
      const later = await done(history(), {
        room,
        messages: [message(room, 6, ['i', 3]), message(room, 7, ['j', 3])],
      });
      expect(words(later)).toEqual(['duplicate', 'appended']);
    });

    test('finds duplicates over midnight in both directions, and keeps no more than its window', async () => {
      const room = fresh('room');
      const midnight = Date.UTC(2026, 0, 16);
      const at = (offset: number, n: number, ts: number) => message(room, offset, ['i', n], { ts });
      const result = await done(history(), {
        room,
        messages: [
          at(1, 1, midnight - 2),
          at(2, 1, midnight + 1),
          at(3, 2, midnight + 2),
          // The clock of the next partition leader is behind.
          at(4, 2, midnight - 1),
          at(5, 1, midnight + 86_400_000 - 1),
        ],
      });
      expect(words(result)).toEqual(['appended', 'duplicate', 'appended', 'duplicate', 'duplicate']);
      const much = await done(history(), { room, messages: [at(6, 2, midnight + 3 * 86_400_000)] });
      expect(words(much)).toEqual(['appended']);
    });

    test('is behind when its head is below the remembered one, and writes nothing', async () => {
      const room = fresh('room');
      await done(history(), { room, messages: [message(room, 1, ['i', 1])] });
      const lose = await subject.snapshot();
      await done(history(), { room, messages: [message(room, 2, ['i', 2])] });
      await lose();
      const next = { room, messages: [message(room, 3, ['i', 3])], rememberedHead: idAt(2) };
      expect(await history().append(next)).toEqual({ behind: true, head: idAt(1) });
      expect(await history().head(room)).toBe(idAt(1));
      const unknown = { room: fresh('room'), messages: [], rememberedHead: idAt(0) };
      expect(await history().append(unknown)).toEqual({ behind: true, head: BEGINNING });
      const rebuilt = await done(history(), {
        room,
        messages: [message(room, 2, ['i', 2]), message(room, 3, ['i', 3])],
      });
      expect(words(rebuilt)).toEqual(['appended', 'appended']);
    });

    test('what follows a message is complete only where the next one names it', async () => {
      const room = fresh('room');
      const bound = idAt(4);
      await done(history(), { room, messages: [message(room, 7, ['i', 1])], firstPrevious: bound });
      expect(await history().after(room, bound, 10)).toMatchObject({ lost: false, head: idAt(7) });
      // Below the bound something may have been; above it is a message that was forgotten.
      for (const from of [BEGINNING, idAt(2), idAt(6)])
        expect(await history().after(room, from, 10)).toMatchObject({ lost: true });
      await done(history(), { room, messages: [message(room, 9, ['i', 2])], firstPrevious: bound });
      const { entries } = await history().newest(room, 10);
      expect(entries.map(({ p, opening }) => [p, opening])).toEqual([
        [bound, true],
        [idAt(7), undefined],
      ]);
    });

    test('ignores a remembered head of another log, and keeps logs apart', async () => {
      const room = fresh('room');
      await done(history(), { room, messages: [message(room, 9, ['i', 1])] });
      const other = redis().history('epoch2');
      const result = await done(other, {
        room,
        messages: [message(room, 1, ['i', 1], { epoch: 'epoch2' })],
        rememberedHead: idAt(9),
      });
      expect(words(result)).toEqual(['appended']);
      expect(await other.after(room, idAt(9), 10)).toMatchObject({ entries: [], lost: true });
    });

    test('answers an empty batch with head and routes', async () => {
      const room = fresh('room');
      expect(await history().append({ room, messages: [] })).toEqual({
        behind: false,
        verdicts: [],
        head: '',
        routes: [],
      });
    });

    test('refuses what breaks the order of the log', async () => {
      const room = fresh('room');
      const invalid = { code: 'invalid', retryable: false };
      const batches = [
        [message(room, 2, ['i', 1]), message(room, 2, ['i', 2])],
        [message(room, 1, ['i', 1], { epoch: 'epoch2' })],
        Array.from({ length: 101 }, (_, at) => message(room, at, ['i', at + 1])),
      ];
      for (const messages of batches) {
        await expect(history().append({ room, messages })).rejects.toMatchObject(invalid);
      }
      expect(await history().head(room)).toBe(BEGINNING);
    });
  });

  describe('trimming', () => {
    const fill = (room: string, o: { count: number; limits: AppendRequest['limits']; step?: number }) =>
      done(history(), {
        room,
        messages: Array.from({ length: o.count }, (_, at) =>
          message(room, at, ['i', at + 1], { ts: NOON + at * (o.step ?? 1), data: 'x'.repeat(100) }),
        ),
        limits: o.limits,
      });
    const kept = async (room: string): Promise<number> => (await history().newest(room, 1000)).entries.length;

    test('by count, bytes and age; the newest stays', async () => {
      const [byCount, byBytes, byAge, tiny] = [fresh('room'), fresh('room'), fresh('room'), fresh('room')];
      await fill(byCount, { count: 50, limits: { ...LIMITS, count: 7 } });
      expect(await kept(byCount)).toBe(7);
      const size = Buffer.byteLength(message(byBytes, 40, ['i', 41], { data: 'x'.repeat(100) }).frame);
      await fill(byBytes, { count: 50, limits: { ...LIMITS, bytes: size * 5 + 3 } });
      expect(await kept(byBytes)).toBe(5);
      await fill(byAge, { count: 50, limits: { ...LIMITS, ageMs: 9000 }, step: 1000 });
      expect(await kept(byAge)).toBe(10);
      await fill(tiny, { count: 50, limits: { ...LIMITS, bytes: 1 } });
      expect(await kept(tiny)).toBe(1);
    });

    test('what was trimmed is decided, not appended again; reading from before it says lost', async () => {
      const room = fresh('room');
      await fill(room, { count: 20, limits: { ...LIMITS, count: 5 } });
      const again = await done(history(), {
        room,
        messages: [message(room, 3, ['i', 4]), message(room, 16, ['i', 17])],
      });
      expect(words(again)).toEqual(['decided', 'present']);
      expect(await history().after(room, idAt(13), 10)).toMatchObject({ lost: true });
      expect(await history().after(room, idAt(14), 10)).toMatchObject({ lost: false, more: false });
      expect(await history().after(room, BEGINNING, 10)).toMatchObject({ lost: true });
    });
  });

  describe('reading', () => {
    const ids = (page: { entries: { id: string }[] }): string[] => page.entries.map((entry) => entry.id);
    const room = fresh('room');
    const offsets = [0, 2, 3, 5, 8];
    beforeAll(() =>
      done(history(), {
        room,
        messages: offsets.map((at) => message(room, at, ['i', at + 1])),
        firstPrevious: BEGINNING,
      }),
    );

    test('after a position, in pages', async () => {
      const whole = { more: false, lost: false, head: idAt(8) };
      const all = await history().after(room, BEGINNING, 5);
      expect(all).toMatchObject(whole);
      expect(ids(all)).toEqual(offsets.map((at) => idAt(at)));
      const two = await history().after(room, BEGINNING, 2);
      expect(two).toMatchObject({ more: true, lost: false, head: idAt(8) });
      expect(ids(two)).toEqual([idAt(0), idAt(2)]);
      const rest = await history().after(room, idAt(2), 5);
      expect(rest).toMatchObject(whole);
      expect(ids(rest)).toEqual([idAt(3), idAt(5), idAt(8)]);
      // Positions between two messages and above the head are positions as well.
      expect(ids(await history().after(room, idAt(6), 5))).toEqual([idAt(8)]);
      expect(await history().after(room, idAt(8), 5)).toEqual({ entries: [], ...whole });
      expect(await history().after(room, idAt(99), 5)).toEqual({ entries: [], ...whole });
    });

    test('before a position, and the newest', async () => {
      const before = await history().before(room, idAt(5), 2);
      expect(before).toMatchObject({ more: true, lost: false });
      expect(ids(before)).toEqual([idAt(2), idAt(3)]);
      expect(await history().before(room, idAt(0), 2)).toMatchObject({ entries: [], more: false });
      const newest = await history().newest(room, 2);
      expect(newest).toMatchObject({ more: true, lost: false, head: idAt(8) });
      expect(ids(newest)).toEqual([idAt(5), idAt(8)]);
      expect(await history().newest(room, 0)).toMatchObject({ entries: [], head: idAt(8), lost: false });
      expect(await history().newest(room, 5)).toMatchObject({ more: false });
    });

    test('an unknown room is empty; a position in it is lost', async () => {
      const nowhere = fresh('room');
      const empty = { entries: [], more: false, head: BEGINNING, lost: false };
      expect(await history().after(nowhere, BEGINNING, 5)).toEqual(empty);
      expect(await history().newest(nowhere, 5)).toEqual(empty);
      expect(await history().after(nowhere, idAt(1), 5)).toEqual({ ...empty, lost: true });
    });

    test('from the beginning is lost when nobody knows whether something was before', async () => {
      const later = fresh('room');
      await done(history(), { room: later, messages: [message(later, 4, ['i', 1])] });
      expect(await history().after(later, BEGINNING, 5)).toMatchObject({ lost: true });
    });

    test('heads of many rooms, in order', async () => {
      expect(await history().heads([fresh('room'), room, fresh('room')])).toEqual(['', idAt(8), '']);
      expect(await history().heads([])).toEqual([]);
    });

    test('the last number of an instance', async () => {
      const now = fresh('room');
      const ts = Date.now();
      await done(history(), {
        room: now,
        messages: [message(now, 1, ['i', 4], { ts: ts - 86_400_000 }), message(now, 2, ['i', 5], { ts })],
      });
      expect(await history().lastOf(now, 'i')).toEqual({ n: 5, offset: 2 });
      expect(await history().lastOf(now, 'j')).toBeUndefined();
    });
  });
}
