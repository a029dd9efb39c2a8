import * as fc from 'fast-check';
import { parseCid } from '@chatplatform/protocol/light';
import type { ChatClient } from './chat-client.ts';
import { connect } from './connect.ts';
import { ManualClock, seededRandom } from '@chatplatform/runtime';
import { ModelPlatform, NO_FAULTS, type Faults } from './testing/model-platform.ts';

const ROOMS = ['lobby', 'team:1'];
const USERS = ['ann', 'bob'];

interface Member {
  readonly client: ChatClient;
  readonly seen: Map<string, string[]>;
  readonly acknowledged: Map<string, string | undefined>;
  readonly trouble: unknown[];
}

function enter(platform: ModelPlatform, user: string, seed: number): Member {
  const { clock, transport } = platform;
  const client = connect({ url: 'ws://model', token: user, transport, clock, random: seededRandom(seed) });
  const member: Member = { client, seen: new Map(), acknowledged: new Map(), trouble: [] };
  client.on('error', (error) => member.trouble.push(error));
  for (const name of ROOMS) {
    const seen: string[] = [];
    member.seen.set(name, seen);
    const room = client.join(name, { from: '' });
    room.on('message', ({ id, cid }) => seen.push(`${id} ${cid}`));
    room.on('continuity', (event) => member.trouble.push(event));
  }
  return member;
}

type Step =
  | { do: 'publish'; user: number; room: number; count: number }
  | { do: 'drain' | 'kill' }
  | { do: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      user: fc.nat(1),
      room: fc.nat(1),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('drain' as const, 'kill' as const) }) },
);

const often = fc.constantFrom(0, 0.02, 0.2);
const faults: fc.Arbitrary<Faults> = fc.record({
  refuse: often,
  doubt: often,
  losePush: often,
  doublePush: often,
  cut: fc.constantFrom(0, 0.01, 0.05),
  reject: fc.constantFrom(0, 0.3),
});

async function play(
  platform: ModelPlatform,
  clock: ManualClock,
  members: Member[],
  steps: readonly Step[],
): Promise<void> {
  for (const one of steps) {
    if (one.do === 'wait') await clock.advance(one.ms);
    else if (one.do === 'publish') publish(members[one.user], ROOMS[one.room], one.count);
    else if (one.do === 'kill') platform.kill();
    else platform.drain();
  }
}

function publish(member: Member | undefined, room: string | undefined, count: number): void {
  if (!member || room === undefined) return;
  for (let n = 0; n < count; n += 1) {
    void member.client.publish(room, n).then(
      ({ cid, id }) => member.acknowledged.set(`${room} ${cid}`, id),
      (error) => member.trouble.push(error),
    );
  }
}

function judge(platform: ModelPlatform, members: readonly Member[]): void {
  for (const [room, log] of platform.logs) {
    const truth = log.map(({ id, cid }) => `${id} ${cid}`);
    expect(new Set(log.map(({ cid }) => cid)).size).toBe(log.length);
    for (const member of members) {
      expect(member.seen.get(room)).toEqual(truth);
    }
    for (const member of members)
      expectOrderOfSender(
        log.map(({ cid }) => cid),
        member,
      );
  }
  const stored = new Map(
    [...platform.logs].flatMap(([room, log]) => log.map(({ cid, id }) => [`${room} ${cid}`, id])),
  );
  for (const member of members) {
    expect(member.trouble).toEqual([]);
    expect(member.client.pending).toBe(0);
    for (const [key, id] of member.acknowledged) {
      expect([...stored.keys()]).toContain(key);
      // An acknowledgement may name no id (a copy may be in the log), but never another one.
      if (id !== undefined) expect(id).toBe(stored.get(key));
    }
  }
  const sent = members.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  expect(stored.size).toBe(sent);
}

function expectOrderOfSender(cids: readonly string[], member: Member): void {
  const own = cids.map(parseCid).filter((cid) => member.acknowledged.has(`lobby ${cid?.text}`));
  const numbers = own.map((cid) => cid?.n ?? 0);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
}

describe('over lost pushes, cut sockets, refusals, doubts, drains and kills', () => {
  test('every publish is acknowledged once, and every member gets every message once, in one order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        faults,
        fc.array(step, { minLength: 5, maxLength: 25 }),
        async (seed, wrong, steps) => {
          const clock = new ManualClock(1_760_000_000_000);
          const platform = new ModelPlatform(clock, seededRandom(seed));
          const members = USERS.map((user, n) => enter(platform, user, seed + n + 1));
          Object.assign(platform.faults, wrong);
          await play(platform, clock, members, steps);
          Object.assign(platform.faults, NO_FAULTS);
          await clock.advance(40_000);
          // A push that was lost at the very end is noticed with the next one.
          for (const room of ROOMS) publish(members[0], room, 1);
          await clock.advance(20_000);
          judge(platform, members);
          for (const { client } of members) client.close();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});
