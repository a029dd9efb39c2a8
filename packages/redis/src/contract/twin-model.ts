import fc from 'fast-check';
import type { AppendRequest, History } from '../history/history.ts';
import { memoryRedis } from '../memory/memory-redis.ts';
import { EPOCH, idAt, message } from './messages.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

const DAY_MS = 86_400_000;
/** Near midnight, so that batches cross days. */
const START = Date.UTC(2026, 2, 1) - 20;

const batch = fc.record({
  offsets: fc.uniqueArray(fc.nat(40), { minLength: 0, maxLength: 8 }),
  insts: fc.array(fc.nat(2), { minLength: 8, maxLength: 8 }),
  numbers: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 8, maxLength: 8 }),
  days: fc.array(fc.constantFrom(0, 0, 0, 0, 1, -1, 2), { minLength: 8, maxLength: 8 }),
  remembered: fc.option(fc.nat(40), { nil: undefined, freq: 5 }),
  known: fc.boolean(),
  from: fc.integer({ min: -1, max: 45 }),
  max: fc.integer({ min: 1, max: 6 }),
});

/** One set per room, and never a count together with an age: which of them takes an entry with a timestamp out of order is not promised. */
const limits = fc.oneof(
  fc.record({
    count: fc.constantFrom(3, 10, 1000),
    bytes: fc.constantFrom(400, 1500, 1_000_000),
    ageMs: fc.constant(9 * DAY_MS),
  }),
  // Redis measures the life of the whole key in real time: nothing may end during the test.
  fc.record({
    count: fc.constant(1000),
    bytes: fc.constant(1_000_000),
    ageMs: fc.constantFrom(DAY_MS, DAY_MS + 15),
  }),
);

type Batch = typeof batch extends fc.Arbitrary<infer B> ? B : never;

/** Many runs, on a machine that may do many other things at once. */
const PATIENCE_MS = 120_000;

/** Any sequence of appends, sensible or not, must be answered alike by the real thing and the twin in memory, and read alike. */
export function twinModel(subject: ContractSubject, runs: number): void {
  const redis = opened(subject);

  test(
    'the twin answers every append and every read as the real one',
    async () => {
      const property = fc.asyncProperty(
        limits,
        fc.array(batch, { minLength: 1, maxLength: 12 }),
        async (kept, batches) => {
          const room = fresh('room');
          const pair = [redis().history(EPOCH), memoryRedis().open().history(EPOCH)];
          for (const one of batches) {
            const request = { ...requestOf(room, one), limits: kept };
            const [real, twin] = await Promise.all(pair.map((history) => history.append(request)));
            expect(twin).toEqual(real);
            const [seen, imagined] = await Promise.all(pair.map((history) => look(history, room, one)));
            expect(imagined).toEqual(seen);
          }
        },
      );
      await fc.assert(property, { numRuns: runs });
    },
    PATIENCE_MS,
  );
}

function requestOf(room: string, one: Batch): AppendRequest {
  const messages = one.offsets
    .sort((a, b) => a - b)
    .map((offset, at) =>
      message(room, offset, [`inst${one.insts[at]}`, one.numbers[at] ?? 1], {
        ts: START + offset + (one.days[at] ?? 0) * DAY_MS,
        data: 'é'.repeat(offset),
      }),
    );
  return {
    room,
    messages,
    ...(one.remembered === undefined ? {} : { rememberedHead: idAt(one.remembered) }),
    ...(one.known ? { firstPrevious: '' } : {}),
  };
}

async function look(history: History, room: string, { from, max }: Batch): Promise<unknown> {
  const position = from < 0 ? '' : idAt(from);
  return Promise.all([
    history.after(room, position, max),
    history.before(room, position, max),
    history.newest(room, max),
    history.head(room),
  ]);
}
