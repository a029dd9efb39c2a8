import fc from 'fast-check';
import type { Holder, Sessions } from '../sessions/sessions.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

const KEEP_MS = 60_000;
const GATEWAYS = ['gw-a', 'gw-b', 'gw-c'] as const;

const holder = fc.record({
  incarnation: fc.constantFrom(...GATEWAYS),
  generation: fc.integer({ min: 1, max: 6 }),
});
const step = fc.oneof(
  fc.record({ op: fc.constant('resume' as const), thief: fc.boolean(), holder }),
  fc.record({ op: fc.constantFrom('markMoving', 'markConnected', 'suspend', 'remove', 'assert'), holder }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What must be known of one session: who holds it, and on which gateway it counts for its user. */
class Model {
  held: Holder | undefined;
  listed: string | undefined;

  constructor(held: Holder) {
    this.held = held;
    this.listed = held.incarnation;
  }

  resume(claim: Holder, thief: boolean): unknown {
    const { held } = this;
    if (held !== undefined && thief) return { accepted: false, reason: 'user' };
    if (held !== undefined && claim.generation < held.generation - 1)
      return { accepted: false, reason: 'superseded' };
    const generation = Math.max(claim.generation, held?.generation ?? 0) + 1;
    this.#hold({ incarnation: claim.incarnation, generation });
    return { accepted: true, generation };
  }

  change(op: string, by: Holder): boolean {
    const own = this.#isHeldBy(by);
    if (op === 'assert') return this.#assert(by, own);
    if (op !== 'suspend' && op !== 'remove') return own;
    if (own && this.listed === by.incarnation) this.listed = undefined;
    if (own && op === 'remove') this.held = undefined;
    return own;
  }

  #assert(by: Holder, own: boolean): boolean {
    if (!own && this.held !== undefined && this.held.generation >= by.generation) return false;
    this.#hold(by);
    return true;
  }

  #isHeldBy(by: Holder): boolean {
    return this.held?.incarnation === by.incarnation && this.held.generation === by.generation;
  }

  #hold(by: Holder): void {
    this.held = by;
    this.listed = by.incarnation;
  }
}

/** Whatever old and new holders do in whatever order: one of them holds the session, and only that one changes it. */
export function sessionsModel(subject: ContractSubject, runs: number): void {
  const redis = opened(subject);

  test('a session has one holder, generations rise, and a late holder changes nothing', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const [sid, user, thief] = [fresh('sid'), fresh('user'), fresh('user')];
      const { sessions } = redis();
      await sessions.create(sid, { user, incarnation: 'gw-a' });
      const model = new Model({ incarnation: 'gw-a', generation: 1 });
      for (const one of steps) await take(sessions, model, { sid, user, thief, step: one });
      const stored = await sessions.get(sid);
      expect(stored && { incarnation: stored.incarnation, generation: stored.generation }).toEqual(
        model.held,
      );
      expect((await sessions.ofUser(user)).get(sid)).toBe(model.listed);
      expect(await sessions.ofUser(thief)).toEqual(new Map());
    });
    await fc.assert(property, { numRuns: runs });
  });

  test('property: with any wishes at once a user never gets more connections than allowed, nor fewer', async () => {
    const wish = fc.record({ gateway: fc.nat(2), device: fc.nat(9) });
    const property = fc.asyncProperty(
      fc.array(wish, { maxLength: 14 }),
      fc.integer({ min: 1, max: 5 }),
      async (wishes, max) => {
        const user = fresh('user');
        const live = new Set<string>(GATEWAYS);
        const { sessions } = redis();
        const answers = await Promise.all(
          wishes.map(({ gateway, device }) =>
            sessions.enlist(
              `${user}-${device}`,
              { user, incarnation: GATEWAYS[gateway] ?? '' },
              { max, live },
            ),
          ),
        );
        const wanted = new Set(wishes.map(({ device }) => device));
        expect((await sessions.ofUser(user)).size).toBe(Math.min(max, wanted.size));
        const admitted = new Set(wishes.filter((_, at) => answers[at]).map(({ device }) => device));
        expect(admitted.size).toBe(Math.min(max, wanted.size));
      },
    );
    await fc.assert(property, { numRuns: runs });
  });

  test('what a dead gateway had does not count; a refused session leaves nothing behind', async () => {
    const user = fresh('user');
    const { sessions } = redis();
    const dead = fresh('gw');
    const enlist = (sid: string, incarnation: string): Promise<boolean> =>
      sessions.enlist(sid, { user, incarnation }, { max: 1, live: new Set(['gw-a']) });
    expect(await enlist(`${user}-1`, dead)).toBe(true);
    expect(await enlist(`${user}-2`, 'gw-a')).toBe(true);
    expect(await enlist(`${user}-3`, dead)).toBe(false);
    expect(await sessions.heldBy(dead)).toEqual(new Map([[`${user}-1`, user]]));
    await sessions.create(`${user}-1`, { user, incarnation: dead });
    expect(await sessions.markMoving(`${user}-1`, { incarnation: dead, generation: 1 })).toBe(true);
    expect(await sessions.markConnected(`${user}-1`, { incarnation: dead, generation: 1 })).toBe(true);
    expect((await sessions.get(`${user}-1`))?.state).toBe('connected');
  });
}

async function take(
  sessions: Sessions,
  model: Model,
  { sid, user, thief, step: one }: { sid: string; user: string; thief: string; step: Step },
): Promise<void> {
  const by = one.holder;
  if (one.op === 'resume') {
    // The token of another user never passes the gateway's signature; without a record it would.
    const stranger = 'thief' in one && one.thief && model.held !== undefined;
    const answer = await sessions.resume(sid, { ...by, user: stranger ? thief : user });
    expect(answer).toMatchObject(model.resume(by, stranger) as object);
    return;
  }
  const answers = {
    markMoving: () => sessions.markMoving(sid, by),
    markConnected: () => sessions.markConnected(sid, by),
    suspend: () => sessions.suspend(sid, by, KEEP_MS),
    remove: () => sessions.remove(sid, user, by),
    assert: () => sessions.assert(sid, user, by),
  };
  const answer = await answers[one.op]();
  expect(answer).toBe(model.change(one.op, by));
}
