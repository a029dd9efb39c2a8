import fc from 'fast-check';
import { Limits } from '@chatplatform/protocol';
import type { Receipts, Watermarks } from '../receipts/receipts.ts';
import { EPOCH, idAt } from './messages.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

const HOUR_MS = 3_600_000;

const position = fc.option(fc.nat(60), { nil: undefined });
const step = fc.record({ user: fc.constantFrom('ann', 'bob', 'cid'), delivered: position, read: position });

function marksOf(delivered: number | undefined, read: number | undefined): Watermarks {
  return {
    ...(delivered !== undefined && { delivered: idAt(delivered) }),
    ...(read !== undefined && { read: idAt(read) }),
  };
}

export function receiptsContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const receipts = (): Receipts => redis().receipts(EPOCH);
  const mark = (room: string, user: string, marks: Watermarks): Promise<Map<string, Watermarks>> =>
    receipts().mark({ room, marks: new Map([[user, marks]]), keepMs: HOUR_MS });

  test('tells what rose, and nothing when nothing did', async () => {
    const room = fresh('room');
    expect(await mark(room, 'ann', marksOf(5, 3))).toEqual(new Map([['ann', marksOf(5, 3)]]));
    expect(await mark(room, 'ann', marksOf(5, 4))).toEqual(new Map([['ann', marksOf(undefined, 4)]]));
    expect(await mark(room, 'ann', marksOf(2, 2))).toEqual(new Map());
    expect(await mark(room, 'bob', {})).toEqual(new Map());
    expect(await receipts().of(room)).toEqual(new Map([['ann', marksOf(5, 4)]]));
  });

  test('what was read counts as delivered', async () => {
    const room = fresh('room');
    expect(await mark(room, 'ann', marksOf(undefined, 7))).toEqual(new Map([['ann', marksOf(7, 7)]]));
    expect(await mark(room, 'ann', marksOf(8, undefined))).toEqual(new Map([['ann', marksOf(8, undefined)]]));
  });

  test('belongs to one log and one room', async () => {
    const room = fresh('room');
    await mark(room, 'ann', marksOf(5, 3));
    expect(await redis().receipts('epoch2').of(room)).toEqual(new Map());
    expect(await receipts().of(fresh('room'))).toEqual(new Map());
  });

  test('several users in one call; over the limit those furthest behind are forgotten', async () => {
    const room = fresh('room');
    const marks = new Map(
      Array.from({ length: Limits.smallRoomMembers + 5 }, (_, n) => [`user${n}`, marksOf(n + 1, undefined)]),
    );
    expect((await receipts().mark({ room, marks, keepMs: HOUR_MS })).size).toBe(marks.size);
    const kept = await receipts().of(room);
    expect(kept.size).toBe(Limits.smallRoomMembers);
    expect(['user0', 'user4', 'user5'].map((user) => kept.has(user))).toEqual([false, false, true]);
  });

  test('keeps and tells nothing in a room with more members than a small one has', async () => {
    const [room, incarnation] = [fresh('room'), fresh('gw')];
    await mark(room, 'ann', marksOf(5, 3));
    await redis().gateways.lease(incarnation, { state: 'serving', address: '', connections: 1 });
    const join = (n: number): Promise<unknown> =>
      redis().presence.join(room, { user: `user${n}`, sid: `s${n}`, incarnation });
    await Promise.all(Array.from({ length: Limits.smallRoomMembers }, (_, n) => join(n)));
    expect((await mark(room, 'ann', marksOf(6, undefined))).size).toBe(1);
    await join(Limits.smallRoomMembers);
    expect(await mark(room, 'ann', marksOf(9, undefined))).toEqual(new Map());
    expect(await receipts().of(room)).toEqual(new Map());
  });

  test('property: a watermark never goes back, whatever comes in whatever order', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const room = fresh('room');
      const highest = new Map<string, { delivered: number; read: number }>();
      for (const { user, delivered, read } of steps) {
        const before = highest.get(user) ?? { delivered: -1, read: -1 };
        const after = {
          delivered: Math.max(before.delivered, delivered ?? -1, read ?? -1),
          read: Math.max(before.read, read ?? -1),
        };
        const rose = (await mark(room, user, marksOf(delivered, read))).get(user);
        expect(rose?.delivered).toBe(after.delivered > before.delivered ? idAt(after.delivered) : undefined);
        expect(rose?.read).toBe(after.read > before.read ? idAt(after.read) : undefined);
        highest.set(user, after);
      }
      for (const [user, { delivered, read }] of await receipts().of(room)) {
        const expected = highest.get(user);
        expect(delivered).toBe(idAt(expected?.delivered ?? 0));
        expect(read).toBe((expected?.read ?? -1) < 0 ? undefined : idAt(expected?.read ?? 0));
      }
    });
    await fc.assert(property, { numRuns: 30 });
  });
}
