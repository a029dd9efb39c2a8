import fc from 'fast-check';
import { protocolError, type Publish } from '@chatplatform/protocol';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { Lane, type Item, type Outcome } from './lane.ts';

const INST = 'instance-of-a-client';
const body = (n: number, re?: number): Publish => ({
  room: 'r',
  cid: `${INST}.${n}`,
  data: n,
  ...(re !== undefined && { re }),
});
const ok = (ts = 0): Outcome => ({ ok: true, ts, dup: false });
const away: Outcome = { ok: false, err: protocolError(114) };
const codeOf = (outcome: Outcome): number => (outcome.ok ? 0 : outcome.err.code);

interface Given {
  item: Item;
  settle: (outcome: Outcome) => void;
}

function lane(over: Partial<ConstructorParameters<typeof Lane>[0]> = {}) {
  const given: Given[] = [];
  const clock = new ManualClock();
  const append = (item: Item): Promise<Outcome> => new Promise((settle) => given.push({ item, settle }));
  const ports = { clock, admit: () => 0, lookUp: () => Promise.resolve(undefined), append, ...over };
  return { lane: new Lane(ports), given, clock, numbers: () => given.map(({ item }) => item.n) };
}

/** A lane whose number 1 has failed; workers have come to number `log.upTo`. */
async function laneBehindFirst() {
  const log = { upTo: 0 };
  const lookUp = ({ n }: Item): Promise<Outcome | undefined> =>
    Promise.resolve(n <= log.upTo ? { ok: true, ts: 0, dup: true } : undefined);
  const made = lane({ lookUp });
  const first = made.lane.publish(body(1));
  made.given[0]?.settle(away);
  expect(codeOf(await first)).toBe(114);
  return { ...made, log };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('hands publishes to the log in order and answers with its acknowledgement only', async () => {
  const { lane: one, given, numbers } = lane();
  const outcomes = [one.publish(body(1)), one.publish(body(2))];
  expect(numbers()).toEqual([1, 2]);
  let answered = false;
  void outcomes[0]?.then(() => (answered = true));
  await turn();
  expect(answered).toBe(false);
  given[0]?.settle(ok(5));
  given[1]?.settle(ok(6));
  expect(await Promise.all(outcomes)).toEqual([ok(5), ok(6)]);
});

test('after a failure refuses all later ones until the failed one comes again', async () => {
  const { lane: one, given, numbers } = lane();
  const first = one.publish(body(1));
  given[0]?.settle(away);
  expect(codeOf(await first)).toBe(114);
  expect(codeOf(await one.publish(body(2)))).toBe(114);
  // A later resend alone would make the failed one look like a duplicate.
  expect(codeOf(await one.publish(body(2, 10)))).toBe(114);
  void one.publish(body(1, 10));
  void one.publish(body(2, 10));
  await turn();
  expect(numbers()).toEqual([1, 1, 2]);
});

test('the log catching up between two resends lets none pass before one that was refused just before', async () => {
  const { lane: one, numbers, log } = await laneBehindFirst();
  // 1 was acknowledged by the client's old gateway; workers have not come that far when 2 is looked up.
  expect(codeOf(await one.publish(body(2, 10)))).toBe(114);
  log.upTo = 1;
  expect(codeOf(await one.publish(body(3, 10)))).toBe(114);
  expect(numbers()).toEqual([1]);
  void one.publish(body(2, 20));
  void one.publish(body(3, 20));
  await turn();
  expect(numbers()).toEqual([1, 2, 3]);
});

test('what failed here and was acknowledged elsewhere holds nobody up once the log is known to have it', async () => {
  const { lane: one, numbers, log } = await laneBehindFirst();
  // The old gateway of the client acknowledges 1, so it never comes again; workers have not come that far yet.
  expect(codeOf(await one.publish(body(2, 10)))).toBe(114);
  log.upTo = 1;
  void one.publish(body(2, 20));
  void one.publish(body(3, 20));
  await turn();
  expect(numbers()).toEqual([1, 2, 3]);
});

test('a resend that the log has is acknowledged behind a failure too: it overtakes nothing', async () => {
  const { lane: one, numbers, log } = await laneBehindFirst();
  // The old gateway of the client acknowledged 1 and 2; what it said to 3 was lost, and 1 never comes again.
  log.upTo = 3;
  expect(await one.publish(body(3, 10))).toMatchObject({ ok: true, dup: true });
  void one.publish(body(4, 10));
  await turn();
  expect(numbers()).toEqual([1, 4]);
});

test('a resend that is looked up gives way when the failed one comes again after all', async () => {
  const answers: ((outcome: Outcome | undefined) => void)[] = [];
  const lookUp = (): Promise<Outcome | undefined> => new Promise((answer) => answers.push(answer));
  const { lane: one, given, numbers } = lane({ lookUp });
  const first = one.publish(body(1));
  given[0]?.settle(away);
  await first;
  const later = [one.publish(body(2, 10)), one.publish(body(3, 10))];
  void one.publish(body(1, 10));
  for (let count = 0; count < 4; count += 1) {
    await turn();
    answers.shift()?.(undefined);
  }
  expect((await Promise.all(later)).map(codeOf)).toEqual([114, 114]);
  await turn();
  expect(numbers()).toEqual([1, 1]);
});

test('a lane that opens while a client sends ahead lets none pass before one that was refused a moment ago', async () => {
  const { lane: one, numbers, log } = await laneBehindFirst();
  // The client's old gateway had 1 and 2 acknowledged; 3 is looked up when 4 comes.
  log.upTo = 2;
  void one.publish(body(3, 10));
  const refused = one.publish(body(4));
  await turn();
  expect(codeOf(await refused)).toBe(114);
  // Sent before the client heard of it.
  expect(codeOf(await one.publish(body(5)))).toBe(114);
  expect(numbers()).toEqual([1, 3]);
  void one.publish(body(4, 10));
  void one.publish(body(5, 10));
  void one.publish(body(6));
  await turn();
  expect(numbers()).toEqual([1, 3, 4, 5, 6]);
});

test('what waits for the rate behind a failure fails with it', async () => {
  let waitMs = 0;
  const { lane: one, given, clock } = lane({ admit: () => waitMs });
  const first = one.publish(body(1));
  waitMs = 100;
  const second = one.publish(body(2));
  given[0]?.settle(away);
  expect(codeOf(await first)).toBe(114);
  expect(codeOf(await second)).toBe(114);
  waitMs = 0;
  await clock.advance(200);
  expect(given).toHaveLength(1);
});

test('delays over the rate, refuses over the queue, and then everything later', async () => {
  let waitMs = 50;
  const { lane: one, clock, numbers } = lane({ admit: () => waitMs });
  for (let n = 1; n <= 32; n += 1) void one.publish(body(n));
  expect(codeOf(await one.publish(body(33)))).toBe(111);
  expect(codeOf(await one.publish(body(34)))).toBe(114);
  waitMs = 0;
  await clock.advance(50);
  expect(numbers()).toEqual(Array.from({ length: 32 }, (_, n) => n + 1));
  void one.publish(body(33, 5));
  await turn();
  expect(numbers().at(-1)).toBe(33);
});

test('a resend that is in the log already is answered without writing it again', async () => {
  const { lane: one, given } = lane({
    lookUp: () => Promise.resolve({ ok: true, id: 'x', ts: 1, dup: true }),
  });
  expect(await one.publish(body(7, 100))).toEqual({ ok: true, id: 'x', ts: 1, dup: true });
  expect(given).toHaveLength(0);
});

test('a number that does not rise is a mistake of the client, named as such', async () => {
  const { lane: one } = lane();
  void one.publish(body(5));
  const outcome = await one.publish(body(5));
  expect(outcome).toMatchObject({ ok: false, err: { code: 107, msg: expect.stringContaining('pub.cid') } });
});

test('once closed nothing is handed over, what was is still answered', async () => {
  let waitMs = 0;
  const { lane: one, given, clock } = lane({ admit: () => waitMs });
  const first = one.publish(body(1));
  waitMs = 100;
  const second = one.publish(body(2));
  one.close(protocolError(115));
  expect(codeOf(await second)).toBe(115);
  given[0]?.settle(ok());
  expect(await first).toEqual(ok());
  waitMs = 0;
  await clock.advance(1000);
  expect(given).toHaveLength(1);
});

/** A client that does what the protocol asks: in order, waits for every answer after a failure, then resends all of it. */
async function obedientClient(
  one: Lane,
  numbers: readonly number[],
  step: () => Promise<void>,
): Promise<void> {
  let unacked = [...numbers];
  for (let round = 0; unacked.length > 0 && round < 200; round += 1) {
    const outcomes = Promise.all(unacked.map((n) => one.publish(body(n, round === 0 ? undefined : round))));
    await step();
    const settled = await outcomes;
    unacked = unacked.filter((_, at) => settled[at]?.ok !== true);
  }
  expect(unacked).toEqual([]);
}

test('whatever fails, first copies enter the log in order and every acknowledged one is in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = seededRandom(seed);
      const log: number[] = [];
      const queue: Given[] = [];
      const written = new Set<number>();
      const append = (item: Item): Promise<Outcome> => new Promise((settle) => queue.push({ item, settle }));
      const one = new Lane({
        clock: new ManualClock(),
        admit: () => 0,
        lookUp: async () => undefined,
        append,
      });
      const step = async (): Promise<void> => {
        for (let idle = 0; idle < 3; idle += 1) {
          // A final failure takes everything queued behind it along, as the producer does; its outcome may be unknown.
          while (queue.length > 0) {
            idle = 0;
            const failing = random.next() < 0.3;
            const batch = failing ? queue.splice(0) : queue.splice(0, 1);
            if (!failing || random.next() < 0.5) log.push((batch[0] as Given).item.n);
            for (const { item, settle } of batch) {
              if (!failing) written.add(item.n);
              settle(failing ? away : ok());
            }
            await turn();
          }
          await turn();
        }
      };
      await obedientClient(one, [1, 2, 3, 4, 5, 6], step);
      const firstCopies = log.filter((n, at) => log.indexOf(n) === at);
      expect(firstCopies).toEqual([1, 2, 3, 4, 5, 6]);
      expect([...written].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    }),
    { numRuns: 100 },
  );
});
