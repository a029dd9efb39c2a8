import { formatPosition } from '@chatplatform/protocol';
import { Deferred } from '@chatplatform/runtime';
import { runTraffic, type TrafficClient, type TrafficMessage } from './index.ts';

/** A platform in a few lines: one log per room, delivered to everybody in order, at once. */
function tinyPlatform(
  breakIt: (message: TrafficMessage, member: string) => TrafficMessage[] = (message) => [message],
) {
  const rooms = new Map<
    string,
    { offset: number; members: Map<string, (message: TrafficMessage) => void> }
  >();
  return (user: string): TrafficClient => {
    let number = 0;
    return {
      join: (name) => {
        const room = rooms.get(name) ?? { offset: 0, members: new Map() };
        rooms.set(name, room);
        return Promise.resolve({
          publish: (data) => {
            const id = formatPosition('aaaaaa', 0, room.offset++);
            const cid = `${user}.${++number}`;
            for (const [member, deliver] of room.members) {
              for (const message of breakIt({ id, cid, data }, member)) deliver(message);
            }
            return Promise.resolve({ id, cid, dup: false });
          },
          onMessage: (listener) => void room.members.set(user, listener),
          onContinuityLost: () => undefined,
        });
      },
      onDisconnect: () => undefined,
      close: () => undefined,
    };
  };
}

const small = {
  url: 'ws://nowhere',
  token: () => Promise.resolve(''),
  clients: 4,
  rooms: 3,
  messages: 40,
  rate: 1000,
  settleMs: 50,
};

test('a faithful platform is found clean, and the same seed sends the same', async () => {
  const run = () => runTraffic({ ...small, seed: 3, connect: tinyPlatform() });
  const [first, second] = [await run(), await run()];
  expect(first.verdict.clean).toBe(true);
  expect(first.unsettled).toBe(0);
  expect(first.verdict.counts).toMatchObject({ sent: 40, acked: 40 });
  const sent = (result: typeof first) =>
    result.history
      .flatMap((event) => (event.kind === 'sent' ? [`${event.room} ${event.tag}`] : []))
      .toSorted();
  expect(sent(first)).toEqual(sent(second));
});

test('a platform that drops, doubles or changes messages is found out', async () => {
  const faults = {
    lost: (message: TrafficMessage, member: string) => (member === 'checker-c1' ? [] : [message]),
    doubled: (message: TrafficMessage) => [message, message],
    invented: (message: TrafficMessage) => [{ ...message, data: { tag: 'c0/1', fill: 'forged' } }],
  };
  for (const [kind, fault] of Object.entries(faults)) {
    const { verdict } = await runTraffic({ ...small, seed: 4, connect: tinyPlatform(fault) });
    expect(Object.keys(verdict.broken)).toContain(kind);
  }
});

test('disturbances happen in the middle of the traffic, in order, and their failure fails the run', async () => {
  const seen: string[] = [];
  const note = (name: string, at: number) => ({ name, at, run: async () => void seen.push(name) });
  await runTraffic({
    ...small,
    seed: 5,
    connect: tinyPlatform(),
    disturbances: [note('a', 0.2), note('b', 0.6)],
  });
  expect(seen).toEqual(['a', 'b']);
  const broken = { name: 'c', at: 0.5, run: () => Promise.reject(new Error('no such pod')) };
  await expect(
    runTraffic({ ...small, seed: 6, connect: tinyPlatform(), disturbances: [broken] }),
  ).rejects.toThrow('no such pod');
});

test('a publish without an outcome is counted', async () => {
  const make = tinyPlatform();
  const stuck = (user: string): TrafficClient => {
    const client = make(user);
    const join = async (name: string) => ({
      ...(await client.join(name)),
      publish: () => new Promise<never>(() => undefined),
    });
    return { ...client, join };
  };
  const { unsettled } = await runTraffic({ ...small, seed: 7, connect: stuck });
  expect(unsettled).toBe(40);
});

test('traffic that is ended early is judged by what was sent until then', async () => {
  const end = new Deferred();
  const { verdict, unsettled } = await runTraffic({
    ...small,
    ...{ seed: 8, messages: 1_000_000 },
    until: end.promise,
    connect: tinyPlatform(),
    // The first messages say when the millionth shall no longer be waited for.
    disturbances: [{ name: 'enough', at: 0.00002, run: () => Promise.resolve(end.resolve()) }],
  });
  expect(verdict.clean).toBe(true);
  expect(unsettled).toBe(0);
  expect(verdict.counts.sent).toBeGreaterThanOrEqual(20);
  expect(verdict.counts.sent).toBeLessThan(40);
});
