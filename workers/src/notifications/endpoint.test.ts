import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { Endpoint, EndpointGone, type Delivered } from './endpoint.ts';
import type { Notice } from './notice.ts';

const notice = (at: number): Notice => ({
  id: 'id',
  room: '@bob',
  from: 'ann',
  at,
  data: 1,
  users: ['bob'],
  record: { partition: 0, offset: 0, timestamp: at, key: '@bob', value: null, headers: {} },
});

function setUp(o: { secret?: () => Promise<string> } = {}) {
  const clock = new ManualClock(1_000_000);
  const stop = new AbortController();
  /** What the endpoint answers; 503 when nothing is left. */
  const answers: (number | Error | { status: number; after: string })[] = [];
  const calls: number[] = [];
  const breaker: boolean[] = [];
  const endpoint = new Endpoint({
    name: 'push',
    target: async () => ({ url: 'http://push', timeoutMs: 1_000, secret: (await o.secret?.()) ?? 's' }),
    clock,
    random: seededRandom(1),
    signal: stop.signal,
    onBreaker: (open) => breaker.push(open),
    fetch: () => {
      calls.push(clock.now());
      const answer = answers.shift() ?? 503;
      if (answer instanceof Error) return Promise.reject(answer);
      const { status, after } = typeof answer === 'number' ? { status: answer, after: undefined } : answer;
      const headers = after === undefined ? {} : { 'retry-after': after };
      return Promise.resolve(new Response(null, { status, headers }));
    },
  });
  let stale = false;
  const deliver = (at = clock.now()) =>
    endpoint.deliver({ notice: notice(at), users: ['bob'], isStale: () => stale });
  /** Lets time pass until the delivery has ended. */
  const ended = async (delivery: Promise<Delivered>): Promise<Delivered> => {
    const end: { result?: Delivered } = {};
    void delivery.then((delivered) => (end.result = delivered));
    for (let seconds = 0; !end.result && seconds < 3_600; seconds += 1) await clock.advance(1_000);
    return end.result ?? { ok: false, attempts: -1, message: 'it never ended' };
  };
  return { clock, stop, answers, calls, breaker, deliver, ended, makeStale: () => (stale = true) };
}

test('a failure that passes is tried again, with growing waits', async () => {
  const { answers, calls, deliver, ended } = setUp();
  answers.push(500, new TypeError('fetch failed'), 429, 204);
  expect(await ended(deliver())).toEqual({ ok: true });
  const waits = calls.slice(1).map((at, index) => at - (calls[index] ?? 0));
  expect(waits).toHaveLength(3);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(500);
  expect(waits[2]).toBeGreaterThan(waits[0] ?? 0);
});

test('five failures are enough for one notice', async () => {
  const { calls, deliver, ended } = setUp();
  expect(await ended(deliver())).toEqual({ ok: false, attempts: 5, message: 'the endpoint answered 503' });
  expect(calls).toHaveLength(5);
});

test.each([400, 401, 404, 410, 422])(
  'a %s is a refusal: not tried again, and no failure of the endpoint',
  async (status) => {
    const { answers, breaker, calls, deliver, ended } = setUp();
    answers.push(...Array<number>(20).fill(status));
    for (let count = 0; count < 12; count += 1)
      expect(await ended(deliver())).toEqual({
        ok: false,
        attempts: 1,
        message: `the endpoint answered ${status}`,
      });
    expect(calls).toHaveLength(12);
    expect(breaker).toEqual([]);
  },
);

test('the endpoint may say when to come again', async () => {
  const { answers, calls, deliver, ended } = setUp();
  answers.push({ status: 503, after: '30' }, 204);
  expect(await ended(deliver())).toEqual({ ok: true });
  expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(30_000);
});

test('an endpoint that keeps failing is asked now and then, and everything goes on when it is back', async () => {
  const { answers, breaker, calls, clock, deliver, ended } = setUp();
  await Promise.all([ended(deliver()), ended(deliver())]);
  expect(breaker).toEqual([true]);
  const before = calls.length;
  const waiting = [1, 2, 3].map(() => deliver());
  await clock.advance(14_000);
  expect(calls).toHaveLength(before);
  answers.push(204, 204, 204);
  expect(await Promise.all(waiting.map((delivery) => ended(delivery)))).toEqual(
    Array.from({ length: 3 }, () => ({ ok: true })),
  );
  expect(breaker.at(-1)).toBe(false);
});

test('what is old while the endpoint keeps failing is given up without another request', async () => {
  const { calls, clock, deliver, ended } = setUp();
  await Promise.all([ended(deliver()), ended(deliver())]);
  const before = calls.length;
  expect(await ended(deliver(clock.now() - 601_000))).toMatchObject({ ok: false, attempts: 0 });
  expect(calls).toHaveLength(before);
});

test('whoever loses the partition or stops gives up at once', async () => {
  const { clock, deliver, makeStale, stop } = setUp();
  const stale = expect(deliver()).rejects.toThrow(EndpointGone);
  await clock.advance(100);
  makeStale();
  await clock.advance(1_000);
  await stale;
  const other = setUp();
  const stopped = expect(other.deliver()).rejects.toThrow(EndpointGone);
  await other.clock.advance(100);
  other.stop.abort();
  stop.abort();
  await other.clock.advance(1_000);
  await stopped;
});

test('a secret that cannot be read is waited for like an endpoint', async () => {
  let reads = 0;
  const { answers, deliver, ended } = setUp({
    secret: () => (reads++ < 2 ? Promise.reject(new Error('ENOENT')) : Promise.resolve('s')),
  });
  answers.push(204);
  expect(await ended(deliver())).toEqual({ ok: true });
});
