import { EPOCH, idAt, value } from './messages.ts';
import { fresh, opened, type ContractSubject } from './subject.ts';

/** A SHA-256 as base64url. */
const WORD = /^[\w-]{43}$/;
const INFO = { state: 'serving', address: '10.0.0.1:8080', connections: 3 } as const;

export function latestContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const latest = () => redis().latest(EPOCH);
  const verdicts = async (
    room: string,
    messages: ReturnType<typeof value>[],
    more = {},
  ): Promise<string[]> => {
    const result = await latest().append({ room, messages, ...more });
    return result.behind ? ['behind'] : result.verdicts.map((verdict) => verdict.verdict);
  };
  const keys = async (room: string): Promise<string[]> =>
    (await latest().all(room)).entries.map((entry) => entry.k);

  test('keeps the newest value per key; repeats the push for what still is the newest', async () => {
    const room = fresh('room');
    const batch = [value(1, ['i', 1], 'a', 1), value(2, ['i', 2], 'b', 2), value(3, ['i', 3], 'a', 3)];
    expect(await verdicts(room, batch)).toEqual(['appended', 'appended', 'appended']);
    expect(await verdicts(room, batch)).toEqual(['decided', 'present', 'present']);
    const { entries, head } = await latest().all(room);
    expect(entries.map(({ k, id }) => [k, id])).toEqual([
      ['b', idAt(2)],
      ['a', idAt(3)],
    ]);
    expect(entries[1]?.frame).toBe(batch[2]?.frame);
    expect(head).toBe(idAt(3));
  });

  test('a deletion hides the key, and its push can be repeated; an older value does not come back', async () => {
    const room = fresh('room');
    const batch = [value(1, ['i', 1], 'a', 1), value(2, ['i', 2], 'a', null)];
    await verdicts(room, batch);
    expect(await keys(room)).toEqual([]);
    expect(await verdicts(room, batch)).toEqual(['decided', 'present']);
    expect(await keys(room)).toEqual([]);
  });

  test('tells what changed after a position, deletions too, and the value before each', async () => {
    const room = fresh('room');
    const batch = [value(1, ['i', 1], 'a', 1), value(2, ['i', 2], 'b', 2), value(3, ['i', 3], 'a', null)];
    const first = await latest().append({ room, messages: batch, firstPrevious: '' });
    expect(first.behind ? [] : first.verdicts.map(({ p }) => p)).toEqual(['', idAt(1), idAt(2)]);
    const next = await latest().append({ room, messages: [value(4, ['i', 4], 'c', 4)] });
    expect(next.behind ? [] : next.verdicts.map(({ p }) => p)).toEqual([idAt(3)]);
    const changed = async (from: string): Promise<string[]> =>
      (await latest().changes(room, from)).entries.map(({ k }) => k);
    expect(await changed('')).toEqual(['b', 'a', 'c']);
    expect(await changed(idAt(2))).toEqual(['a', 'c']);
    expect(await latest().changes(room, idAt(4))).toEqual({ entries: [], head: idAt(4), newest: idAt(4) });
  });

  test('restores what is missing or older, in any order, and leaves head and watermarks alone', async () => {
    const room = fresh('room');
    const old = [value(1, ['i', 1], 'a', 1), value(2, ['i', 2], 'b', 2), value(3, ['i', 3], 'c', null)];
    await latest().restore({ room, values: old });
    expect(await keys(room)).toEqual(['a', 'b']);
    expect(await latest().all(room)).toMatchObject({ head: '', newest: idAt(3) });
    expect((await latest().changes(room, '')).entries.map(({ k }) => k)).toEqual(['a', 'b', 'c']);
    // A number below the restored ones: no mark of theirs makes it a duplicate.
    const first = await latest().append({
      room,
      messages: [value(7, ['i', 1], 'a', 7)],
      firstPrevious: idAt(5),
    });
    expect(first.behind ? [] : first.verdicts).toEqual([{ id: idAt(7), p: idAt(5), verdict: 'appended' }]);
    await latest().restore({ room, values: [value(4, ['i', 4], 'b', 4), ...old] });
    const { entries, head } = await latest().all(room);
    expect(entries.map(({ k, id }) => [k, id])).toEqual([
      ['b', idAt(4)],
      ['a', idAt(7)],
    ]);
    expect(head).toBe(idAt(7));
  });

  test('restores nothing that the limits had dropped, nor what is older: a deletion may have gone that way', async () => {
    const room = fresh('room');
    const limits = { keys: 2, bytes: 10_000 };
    const old = [value(1, ['i', 1], 'gone', 1), value(2, ['i', 2], 'a', 2)];
    await verdicts(room, [value(3, ['i', 3], 'gone', null)], { limits });
    await verdicts(room, [value(4, ['i', 4], 'b', 4), value(5, ['i', 5], 'c', 5)], { limits });
    await latest().restore({ room, values: old, limits: { keys: 10, bytes: 10_000 } });
    expect(await keys(room)).toEqual(['b', 'c']);
  });

  test('what is restored counts for the limits', async () => {
    const room = fresh('room');
    const old = [1, 2, 3, 4].map((at) => value(at, ['i', at], `k${at}`, at));
    await latest().restore({ room, values: old, limits: { keys: 3, bytes: 10_000 } });
    expect(await keys(room)).toEqual(['k2', 'k3', 'k4']);
    const size = old[0]?.frame.length ?? 0;
    await verdicts(room, [value(6, ['i', 6], 'k2', 6)], { limits: { keys: 10, bytes: size * 2 } });
    expect(await keys(room)).toEqual(['k4', 'k2']);
  });

  test('drops duplicates, is behind, and answers an empty batch as the history does', async () => {
    const room = fresh('room');
    expect(await verdicts(room, [value(1, ['i', 1], 'a', 1), value(2, ['i', 1], 'a', 1)])).toEqual([
      'appended',
      'duplicate',
    ]);
    expect(await verdicts(room, [], { rememberedHead: idAt(5) })).toEqual(['behind']);
    expect(await verdicts(room, [])).toEqual([]);
  });

  test('over its limits the values not written for longest go', async () => {
    const room = fresh('room');
    const batch = [1, 2, 3, 4, 5].map((at) => value(at, ['i', at], `k${at % 4}`, at));
    await verdicts(room, batch, { limits: { keys: 3, bytes: 10_000 } });
    expect(await keys(room)).toEqual(['k3', 'k0', 'k1']);
    const size = batch[0]?.frame.length ?? 0;
    await verdicts(room, [value(6, ['i', 6], 'k2', 6)], { limits: { keys: 10, bytes: size * 2 } });
    expect(await keys(room)).toEqual(['k1', 'k2']);
    await verdicts(room, [value(7, ['i', 7], 'k7', 7)], { limits: { keys: 10, bytes: 1 } });
    expect(await keys(room)).toEqual(['k7']);
  });
}

export function routesContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('adds one or many, again without harm, and removes', async () => {
    const [a, b] = [fresh('room'), fresh('room')];
    await redis().routes.add(a, 'gw-1');
    await redis().routes.add([a, b], 'gw-2');
    await redis().routes.add([], 'gw-3');
    await redis().routes.add(a, 'gw-1');
    expect((await redis().routes.of(a)).sort()).toEqual(['gw-1', 'gw-2']);
    await redis().routes.remove(a, 'gw-1');
    await redis().routes.remove(a, 'gw-1');
    expect(await redis().routes.of(a)).toEqual(['gw-2']);
    expect(await redis().routes.of(b)).toEqual(['gw-2']);
    const c = fresh('room');
    expect(await redis().routes.missing([c, a, b], 'gw-2')).toEqual([c]);
    expect(await redis().routes.missing([a, b], 'gw-1')).toEqual([a, b]);
    expect(await redis().routes.missing([], 'gw-1')).toEqual([]);
  });
}

export function presenceContract(subject: ContractSubject): void {
  const redis = opened(subject);
  const device = (user: string, sid: string, incarnation: string) => ({ user, sid, incarnation });

  test('counts users, not devices', async () => {
    const [room, gw] = [fresh('room'), fresh('gw')];
    await redis().gateways.lease(gw, INFO);
    const { presence } = redis();
    expect(await presence.join(room, device('ann', 's1', gw))).toEqual({ first: true, rose: true, occ: 1 });
    expect(await presence.join(room, device('ann', 's2', gw))).toEqual({ first: false, rose: false, occ: 1 });
    expect(await presence.join(room, device('bob', 's3', gw))).toEqual({ first: true, rose: true, occ: 2 });
    expect(await presence.leave(room, device('ann', 's1', gw))).toEqual({ last: false, occ: 2 });
    expect(await presence.leave(room, device('ann', 's2', gw))).toEqual({ last: true, occ: 1 });
    expect(await presence.leave(room, device('ann', 's2', gw))).toEqual({ last: false, occ: 1 });
    expect(await presence.count(room)).toBe(1);
  });

  test('joins made at once are answered each for itself, in their order', async () => {
    const [room, other, gw] = [fresh('room'), fresh('room'), fresh('gw')];
    await redis().gateways.lease(gw, INFO);
    const { presence } = redis();
    const users = Array.from({ length: 120 }, (_, at) => `user-${at}`);
    const joins = [...users, 'user-0'].map((user, at) => presence.join(room, device(user, `s-${at}`, gw)));
    const elsewhere = presence.join(other, { ...device('ann', 's', gw), info: '"here"' });
    const answers = await Promise.all(joins);
    expect(answers.map(({ occ }) => occ)).toEqual([...users.map((_, at) => at + 1), users.length]);
    expect(answers.map(({ first }) => first)).toEqual([...users.map(() => true), false]);
    expect(await elsewhere).toEqual({ first: true, rose: true, occ: 1 });
    expect((await presence.who(other, { max: 1 })).users).toMatchObject([{ user: 'ann', info: '"here"' }]);
  });

  test('a device that moved is no new user, and its old gateway cannot take it away', async () => {
    const [room, old, now] = [fresh('room'), fresh('gw'), fresh('gw')];
    await redis().gateways.lease(old, INFO);
    await redis().gateways.lease(now, INFO);
    const { presence } = redis();
    await presence.join(room, device('ann', 's1', old));
    expect(await presence.join(room, device('ann', 's1', now))).toEqual({
      first: false,
      rose: false,
      occ: 1,
    });
    expect(await presence.leave(room, device('ann', 's1', old))).toEqual({ last: false, occ: 1 });
    await presence.setInfo(room, device('ann', 's1', old), '"stale"');
    expect((await presence.who(room, { max: 10 })).users[0]?.info).toBeUndefined();
    expect(await presence.leave(room, device('ann', 's1', now))).toEqual({ last: true, occ: 0 });
  });

  test('who: pages in order of names, with devices and the newest info', async () => {
    const [room, gw] = [fresh('room'), fresh('gw')];
    await redis().gateways.lease(gw, INFO);
    const { presence } = redis();
    for (const user of ['dan', 'ann', 'cid', 'bob']) await presence.join(room, device(user, `s-${user}`, gw));
    await presence.join(room, { ...device('bob', 's-2', gw), info: '{"away":true}' });
    const first = await presence.who(room, { max: 2 });
    expect(first).toMatchObject({ occ: 4, next: 'bob' });
    expect(first.users.map(({ user, devices, info }) => [user, devices, info])).toEqual([
      ['ann', 1, undefined],
      ['bob', 2, '{"away":true}'],
    ]);
    await presence.setInfo(room, device('dan', 's-dan', gw), '"here"');
    const second = await presence.who(room, { after: first.next, max: 2 });
    expect(second.users.map(({ user, info }) => [user, info])).toEqual([
      ['cid', undefined],
      ['dan', '"here"'],
    ]);
    expect(second.next).toBeUndefined();
    await presence.setInfo(room, device('dan', 's-dan', gw), null);
    expect((await presence.who(room, { after: 'cid', max: 2 })).users[0]?.info).toBeUndefined();
  });

  test('entries of a gateway without a lease do not count, and the sweep takes them away', async () => {
    const [room, dead, alive] = [fresh('room'), fresh('gw'), fresh('gw')];
    await redis().gateways.lease(dead, INFO);
    await redis().gateways.lease(alive, INFO);
    const { presence, routes } = redis();
    await routes.add(room, dead);
    await presence.join(room, device('ann', 's1', dead));
    await presence.join(room, device('ann', 's2', alive));
    await presence.join(room, device('bob', 's3', dead));
    await redis().sessions.create('s3', { user: 'bob', incarnation: dead });
    expect(await redis().gateways.sweep(dead)).toEqual({ rooms: [], sids: [] });
    await subject.endLease(dead);
    const other = await subject.open();
    expect(await other.presence.count(room)).toBe(1);
    expect(
      (await other.presence.who(room, { max: 5 })).users.map(({ user, devices }) => [user, devices]),
    ).toEqual([['ann', 1]]);
    expect(await other.gateways.ended(1_000)).toContain(dead);
    expect(await other.gateways.sweep(dead)).toEqual({ rooms: [{ room, left: ['bob'] }], sids: ['s3'] });
    expect(await other.routes.of(room)).toEqual([]);
    expect(await other.gateways.ended(0)).not.toContain(dead);
    expect(await other.sessions.get('s3')).toMatchObject({ state: 'suspended' });
    expect(await other.sessions.ofUser('bob')).toEqual(new Map());
    expect(await other.presence.join(room, device('bob', 's3', alive))).toEqual({
      first: true,
      rose: true,
      occ: 2,
    });
    await other.close();
  });
}

export function gatewaysContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('a lease makes a gateway live; the first and a lost one say so', async () => {
    const gw = fresh('gw');
    const { gateways } = redis();
    expect(await gateways.lease(gw, INFO)).toEqual({ lost: true });
    expect(await gateways.lease(gw, { ...INFO, state: 'draining' })).toEqual({ lost: false });
    expect(await gateways.live(0)).toContain(gw);
    expect((await gateways.list()).get(gw)).toEqual({ ...INFO, state: 'draining' });
    await subject.endLease(gw);
    const other = await subject.open();
    expect(await other.gateways.live()).not.toContain(gw);
    await other.close();
    expect(await gateways.lease(gw, INFO)).toEqual({ lost: true });
    await gateways.release(gw);
    expect(await gateways.live()).not.toContain(gw);
    expect(await gateways.ended(0)).not.toContain(gw);
  });
}

export function sessionsContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('moves by generation; the old holder can change nothing', async () => {
    const [sid, user] = [fresh('sid'), fresh('user')];
    const { sessions } = redis();
    expect(await sessions.create(sid, { user, incarnation: 'gw-1' })).toEqual({ generation: 1 });
    const old = { incarnation: 'gw-1', generation: 1 };
    expect(await sessions.markMoving(sid, old)).toBe(true);
    const moved = await sessions.resume(sid, { user, incarnation: 'gw-2', generation: 1 });
    expect(moved).toEqual({ accepted: true, generation: 2, previous: { user, ...old, state: 'moving' } });
    expect(await sessions.ofUser(user)).toEqual(new Map([[sid, 'gw-2']]));
    expect(await sessions.markMoving(sid, old)).toBe(false);
    expect(await sessions.suspend(sid, old, 1000)).toBe(false);
    expect(await sessions.remove(sid, user, old)).toBe(false);
    expect(await sessions.assert(sid, user, old)).toBe(false);
    expect(await sessions.get(sid)).toEqual({ user, incarnation: 'gw-2', generation: 2, state: 'connected' });
    expect(await sessions.ofUser(user)).toEqual(new Map([[sid, 'gw-2']]));
    expect(await sessions.remove(sid, user, { incarnation: 'gw-2', generation: 2 })).toBe(true);
    expect(await sessions.get(sid)).toBeUndefined();
    expect(await sessions.ofUser(user)).toEqual(new Map());
  });

  test('the generation before the stored one is accepted once; older ones and other users are not', async () => {
    const [sid, user] = [fresh('sid'), fresh('user')];
    const { sessions } = redis();
    await sessions.create(sid, { user, incarnation: 'gw-1' });
    const claim = { user, incarnation: 'gw-2', generation: 1 };
    expect(await sessions.resume(sid, claim)).toMatchObject({ accepted: true, generation: 2 });
    expect(await sessions.resume(sid, claim)).toMatchObject({ accepted: true, generation: 3 });
    expect(await sessions.resume(sid, claim)).toEqual({ accepted: false, reason: 'superseded' });
    const thief = { user: 'eve', incarnation: 'gw-3', generation: 3 };
    expect(await sessions.resume(sid, thief)).toEqual({ accepted: false, reason: 'user' });
    expect(await sessions.ofUser('eve')).toEqual(new Map());
  });

  test('of connections asked for at once as many are let in as may be', async () => {
    const { sessions } = redis();
    const [few, gateways] = [fresh('user'), [fresh('gw'), fresh('gw')]];
    const asked = Array.from({ length: 30 }, (_, at) => ({
      sid: fresh('sid'),
      user: at % 3 === 0 ? few : fresh('user'),
      incarnation: gateways[at % 2] as string,
    }));
    const live = new Set(gateways);
    const answers = await Promise.all(
      asked.map(({ sid, ...session }) => sessions.enlist(sid, session, { max: 2, live })),
    );
    expect(asked.filter(({ user }, at) => user === few && answers[at])).toHaveLength(2);
    expect(asked.filter((_, at) => answers[at])).toHaveLength(22);
    const [first = { sid: '', user: '', incarnation: '' }] = asked;
    await sessions.create(first.sid, { ...first, enlisted: true });
    expect(await sessions.get(first.sid)).toMatchObject({ user: first.user, incarnation: first.incarnation });
    expect((await sessions.heldBy(first.incarnation)).get(first.sid)).toBe(first.user);
  });

  test('a session Redis has lost can be resumed and asserted', async () => {
    const user = fresh('user');
    const { sessions } = redis();
    const lost = fresh('sid');
    const resumed = await sessions.resume(lost, { user, incarnation: 'gw-1', generation: 7 });
    expect(resumed).toEqual({ accepted: true, generation: 8 });
    const other = fresh('sid');
    expect(await sessions.assert(other, user, { incarnation: 'gw-1', generation: 4 })).toBe(true);
    expect(await sessions.get(other)).toMatchObject({ generation: 4, state: 'connected' });
  });

  test('a suspended session is no device of its user, and can be resumed', async () => {
    const [sid, user] = [fresh('sid'), fresh('user')];
    const { sessions } = redis();
    await sessions.create(sid, { user, incarnation: 'gw-1' });
    expect(await sessions.suspend(sid, { incarnation: 'gw-1', generation: 1 }, 60_000)).toBe(true);
    expect(await sessions.ofUser(user)).toEqual(new Map());
    const resumed = await sessions.resume(sid, { user, incarnation: 'gw-2', generation: 1 });
    expect(resumed).toMatchObject({ accepted: true, generation: 2, previous: { state: 'suspended' } });
    expect(await sessions.get(sid)).toMatchObject({ state: 'connected' });
  });
}

export function budgetContract(subject: ContractSubject): void {
  const redis = opened(subject);

  test('gives a tenth of a second of the rate at once, at least one, then makes callers wait', async () => {
    const { budget } = redis();
    expect(await budget.take(3, 0.5)).toMatchObject({ granted: 1 });
    const { granted, waitMs } = await budget.take(1, 0.5);
    expect(granted).toBe(0);
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThanOrEqual(2_000);
  });
}

export function keyspaceContract(subject: ContractSubject): void {
  const redis = opened(subject);
  let empty: () => Promise<void>;

  beforeAll(async () => {
    empty = await subject.snapshot();
  });

  test('new, then intact; said lost once when the canaries are gone', async () => {
    const { keyspace } = redis();
    expect(await keyspace.state()).toMatchObject({ state: 'new', complete: false });
    await keyspace.establish({ complete: true });
    expect(await keyspace.state()).toMatchObject({ state: 'intact', complete: true });
    const other = await subject.open();
    await other.keyspace.establish({ complete: false });
    expect(await other.keyspace.state()).toMatchObject({ state: 'intact', complete: true });
    await empty();
    expect(await keyspace.state()).toMatchObject({ state: 'lost', complete: false });
    expect(await keyspace.state()).toMatchObject({ state: 'new', complete: false });
    await keyspace.establish({ complete: false });
    expect(await other.keyspace.state()).toMatchObject({ state: 'lost', complete: false });
    expect(await other.keyspace.state()).toMatchObject({ state: 'intact', complete: false });
    await other.close();
  });

  test('a generation is the same for everybody, and another one after a loss, whoever came when', async () => {
    const { keyspace } = redis();
    await empty();
    await keyspace.establish({ complete: false });
    const { generation: first } = await keyspace.state();
    const other = await subject.open();
    expect(first).toEqual({ life: expect.stringMatching(WORD), name: expect.stringMatching(WORD) });
    expect((await other.keyspace.state()).generation).toEqual(first);
    await empty();
    await keyspace.establish({ complete: false });
    const late = await subject.open();
    const { state, generation } = await late.keyspace.state();
    expect(state).toBe('intact');
    expect(generation?.life).not.toBe(first?.life);
    expect(generation?.name).not.toBe(first?.name);
    expect((await other.keyspace.state()).generation).toEqual(generation);
    await Promise.all([other.close(), late.close()]);
  });

  test('what was rebuilt is remembered by part, and forgotten with everything else', async () => {
    const { keyspace } = redis();
    const [part, another] = [fresh('part'), fresh('part')];
    const before = await subject.snapshot();
    expect(await keyspace.rebuiltIn(part)).toBeUndefined();
    await keyspace.markRebuilt(part, { life: 'a', name: 'one' });
    await keyspace.markRebuilt(part, { life: 'a', name: 'two' });
    expect(await keyspace.rebuiltIn(part)).toEqual({ life: 'a', name: 'two' });
    expect(await keyspace.rebuiltIn(another)).toBeUndefined();
    await before();
    expect(await keyspace.rebuiltIn(part)).toBeUndefined();
  });

  test('what is here of a room: all of it, or what was said in this life of the data, or nobody knows', async () => {
    const { keyspace } = redis();
    const [room, part, other] = [fresh('room'), fresh('part'), fresh('part')];
    const lifeNow = async (): Promise<string> => (await keyspace.state()).generation?.life ?? 'none';
    await empty();
    expect(await keyspace.horizonOf(room, part)).toBeUndefined();
    await keyspace.establish({ complete: true });
    await keyspace.setHorizon(part, { life: await lifeNow(), offset: 7 });
    expect(await keyspace.horizonOf(room, part)).toBe(0);
    await empty();
    expect(await keyspace.horizonOf(room, part)).toBeUndefined();
    await keyspace.establish({ complete: false });
    expect(await keyspace.horizonOf(room, part)).toBeUndefined();
    await keyspace.setHorizon(part, { life: 'another', offset: 7 });
    expect(await keyspace.horizonOf(room, part)).toBeUndefined();
    await keyspace.setHorizon(part, { life: await lifeNow(), offset: 41 });
    expect(await keyspace.horizon(part)).toEqual({ life: await lifeNow(), offset: 41 });
    expect(await Promise.all([part, other].map((name) => keyspace.horizonOf(room, name)))).toEqual([
      41,
      undefined,
    ]);
    await empty();
    await keyspace.establish({ complete: false });
    await keyspace.setHorizon(part, { life: 'before', offset: 41 });
    expect(await keyspace.horizonOf(room, part)).toBeUndefined();
  });
}
