import { memoryRedis } from '@chatplatform/redis';
import { ManualClock } from '@chatplatform/runtime';
import { Revocations, REVOCATIONS_POLL_MS, type RevocationNews } from './revocations.ts';

const HOUR_MS = 3_600_000;
const clock = new ManualClock();
const store = memoryRedis({ clock });

/** A gateway's view; `tell` reaches nobody, so everything comes by asking. */
function gateway() {
  const news: RevocationNews[] = [];
  const revocations = new Revocations({
    store: store.open().revocations,
    clock,
    tell: () => undefined,
    onNew: (entry) => news.push(entry),
  });
  return { revocations, news };
}

const identity = { user: 'ann', caps: {}, exp: 0 };

beforeEach(() => store.wipe());

test('one token by its id, others not', async () => {
  const { revocations } = gateway();
  await revocations.revokeToken('a:b{c}', clock.now() + HOUR_MS);
  expect(revocations.isRevoked({ ...identity, jti: 'a:b{c}' })).toBe(true);
  expect(revocations.isRevoked({ ...identity, jti: 'other' })).toBe(false);
  expect(revocations.isRevoked(identity)).toBe(false);
});

test('tokens of a user issued before a moment; without iat they are older', async () => {
  const { revocations } = gateway();
  const before = clock.now();
  await revocations.revokeUser('ann', before, before + HOUR_MS);
  expect(revocations.isRevoked({ ...identity, iat: before - 1 })).toBe(true);
  expect(revocations.isRevoked({ ...identity, iat: before })).toBe(false);
  expect(revocations.isRevoked(identity)).toBe(true);
  expect(revocations.isRevoked({ ...identity, user: 'bob', iat: before - 1 })).toBe(false);
});

test('the later moment counts, and an earlier one comes back when that has ended', async () => {
  const { revocations } = gateway();
  const now = clock.now();
  await revocations.revokeUser('ann', now - 5000, now + 2 * HOUR_MS);
  await revocations.revokeUser('ann', now, now + HOUR_MS);
  expect(revocations.isRevoked({ ...identity, iat: now - 1000 })).toBe(true);
  await clock.advance(HOUR_MS + 1);
  await revocations.poll();
  expect(revocations.isRevoked({ ...identity, iat: now - 1000 })).toBe(false);
  expect(revocations.isRevoked({ ...identity, iat: now - 6000 })).toBe(true);
});

test('others learn of it by asking, once', async () => {
  const [here, there] = [gateway(), gateway()];
  await here.revocations.revokeToken('one', clock.now() + HOUR_MS);
  await here.revocations.disconnect('bob');
  await there.revocations.poll();
  expect(there.news).toEqual([{ tokens: true, users: new Set(), disconnected: new Set(['bob']) }]);
  expect(there.revocations.isRevoked({ ...identity, jti: 'one' })).toBe(true);
  await there.revocations.poll();
  expect(there.news).toHaveLength(1);
});

test('a gateway that starts knows what is revoked, and disconnects nobody for an order of before', async () => {
  const here = gateway();
  await here.revocations.revokeToken('one', clock.now() + HOUR_MS);
  await here.revocations.disconnect('bob');
  await clock.advance(1);
  const late = gateway();
  await late.revocations.poll();
  expect(late.news).toEqual([{ tokens: true, users: new Set(), disconnected: new Set() }]);
});

test('a Redis that lost everything is given it back by whoever knew', async () => {
  const [here, there] = [gateway(), gateway()];
  await here.revocations.revokeToken('one', clock.now() + HOUR_MS);
  await here.revocations.poll();
  store.wipe();
  await clock.advance(REVOCATIONS_POLL_MS);
  await here.revocations.poll();
  await there.revocations.poll();
  expect(there.revocations.isRevoked({ ...identity, jti: 'one' })).toBe(true);
});

test('without Redis it holds here at once and everywhere as soon as Redis is back', async () => {
  const [here, there] = [gateway(), gateway()];
  await here.revocations.poll();
  store.down();
  await expect(here.revocations.revokeToken('one', clock.now() + HOUR_MS)).rejects.toMatchObject({
    retryable: true,
  });
  expect(here.revocations.isRevoked({ ...identity, jti: 'one' })).toBe(true);
  store.up();
  store.wipe();
  await here.revocations.poll();
  await there.revocations.poll();
  expect(there.revocations.isRevoked({ ...identity, jti: 'one' })).toBe(true);
});

test('what ended is forgotten', async () => {
  const { revocations } = gateway();
  await revocations.revokeToken('one', clock.now() + 1000);
  await clock.advance(1001);
  expect(revocations.isRevoked({ ...identity, jti: 'one' })).toBe(false);
  await revocations.poll();
  expect(await store.open().revocations.read(undefined)).toMatchObject({ entries: [] });
});
