import fc from 'fast-check';
import type { Presence } from '../presence/presence.ts';
import type { Redis } from '../redis.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

const INFO = { state: 'serving', address: '', connections: 1 } as const;
/** Members of a large room, and what comes at once. */
const MEMBERS = 5_000;
const CHUNK = 500;
/** Many calls, on a machine that may do many other things at once. */
const PATIENCE_MS = 120_000;

const step = fc.record({
  op: fc.constantFrom('join', 'join', 'leave', 'setInfo'),
  user: fc.constantFrom('ann', 'bob', 'cid', 'dan'),
  device: fc.nat(2),
  gateway: fc.nat(2),
});

/** Devices by user and session: the gateway each is on. */
type Model = Map<string, Map<string, string>>;

/** Who is in a room, whatever comes and goes; and rooms as large as they get. */
export function presenceModel(subject: ContractSubject, runs: number): void {
  const redis = opened(subject);

  test(
    'property: users are counted by their devices, joins and leaves are told once, pages hold everybody once',
    async () => {
      const gateways = await threeGateways(redis());
      const { presence } = redis();
      const property = fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, max) => {
          const room = fresh('room');
          const model: Model = new Map();
          for (const one of steps) await take(presence, model, { ...one, room, gateways });
          expect(await presence.count(room)).toBe(model.size);
          const users = await everybody(presence, room, max);
          expect(users.map(({ user, devices }) => [user, devices])).toEqual(
            [...model].map(([user, devices]) => [user, devices.size]).sort(),
          );
        },
      );
      await fc.assert(property, { numRuns: runs });
    },
    PATIENCE_MS,
  );

  test(
    `a room of ${MEMBERS} members is counted and paged, and loses exactly those whose gateway died`,
    async () => {
      const gateways = await threeGateways(redis());
      const room = fresh('room');
      const names = Array.from({ length: MEMBERS }, (_, n) => `user${String(n).padStart(4, '0')}`);
      const gatewayOf = (n: number): string => gateways[n % gateways.length] ?? '';
      await redis().routes.add(room, gatewayOf(0));
      for (let from = 0; from < MEMBERS; from += CHUNK) {
        const joins = names.slice(from, from + CHUNK).map((user, at) => {
          const incarnation = gatewayOf(from + at);
          return redis().presence.join(room, { user, sid: `s-${user}`, incarnation });
        });
        const last = (await Promise.all(joins)).map(({ occ }) => occ);
        expect(Math.max(...last)).toBe(from + last.length);
      }
      expect((await everybody(redis().presence, room, 100)).map(({ user }) => user)).toEqual(names);

      await subject.endLease(gatewayOf(0));
      const other = await subject.open();
      const gone = names.filter((_, n) => gatewayOf(n) === gatewayOf(0));
      expect(await other.presence.count(room)).toBe(MEMBERS - gone.length);
      const [swept] = (await other.gateways.sweep(gatewayOf(0))).rooms;
      expect(swept?.left.sort()).toEqual(gone);
      expect(await other.presence.count(room)).toBe(MEMBERS - gone.length);
      expect(await other.presence.heldBy(room, gatewayOf(0))).toEqual([]);
      expect(await other.presence.heldBy(room, gatewayOf(1))).toHaveLength(
        names.filter((_, n) => gatewayOf(n) === gatewayOf(1)).length,
      );
      await other.close();
    },
    PATIENCE_MS,
  );

  test('a user whose gateway lost its lease counts again with the first join elsewhere, and is no newcomer', async () => {
    const [dead = '', alive = ''] = await threeGateways(redis());
    const room = fresh('room');
    await redis().presence.join(room, { user: 'ann', sid: 's1', incarnation: dead });
    await redis().presence.join(room, { user: 'bob', sid: 's2', incarnation: alive });
    await subject.endLease(dead);
    const other = await subject.open();
    expect(await other.presence.count(room)).toBe(1);
    const back = await other.presence.join(room, { user: 'ann', sid: 's1', incarnation: alive });
    expect(back).toEqual({ first: false, rose: true, occ: 2 });
    await other.close();
  });
}

async function threeGateways(redis: Redis): Promise<string[]> {
  const gateways = [fresh('gw'), fresh('gw'), fresh('gw')];
  for (const gateway of gateways) await redis.gateways.lease(gateway, INFO);
  return gateways;
}

async function everybody(presence: Presence, room: string, max: number) {
  const users = [];
  for (let after: string | undefined; ; ) {
    const page = await presence.who(room, { after, max });
    expect(page.users.length).toBeLessThanOrEqual(max);
    users.push(...page.users);
    if (page.next === undefined) return users;
    after = page.next;
  }
}

async function take(
  presence: Presence,
  model: Model,
  one: { op: string; user: string; device: number; gateway: number; room: string; gateways: string[] },
): Promise<void> {
  const { user, room } = one;
  const sid = `${user}-${one.device}`;
  const incarnation = one.gateways[one.gateway] ?? '';
  const devices = model.get(user) ?? new Map<string, string>();
  if (one.op === 'join') {
    const isNew = devices.size === 0;
    model.set(user, devices.set(sid, incarnation));
    const joined = await presence.join(room, { user, sid, incarnation });
    expect(joined).toEqual({ first: isNew, rose: isNew, occ: model.size });
  } else if (one.op === 'leave') {
    const own = devices.get(sid) === incarnation;
    if (own) devices.delete(sid);
    if (devices.size === 0) model.delete(user);
    const left = await presence.leave(room, { user, sid, incarnation });
    expect(left).toEqual({ last: own && devices.size === 0, occ: model.size });
  } else {
    await presence.setInfo(room, { user, sid, incarnation }, '"busy"');
  }
}
