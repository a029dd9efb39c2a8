import { jest } from '@jest/globals';
import { FakeFleet } from '../testing/fake-fleet.ts';

/** Hundreds of clients on a machine that may be busy with other tests. */
jest.setTimeout(60_000);

let fleet: FakeFleet;

beforeEach(async () => {
  fleet = await FakeFleet.open();
});

afterEach(() => fleet.close());

test('after the kill of a gateway nobody stays who did not come back, nobody leaves who did, and all know the number', async () => {
  const [one] = [await fleet.gateway(), await fleet.gateway(), await fleet.gateway()];
  await fleet.crowd(150, { room: 'r' });
  await fleet.clock.advance(3000);
  expect(new Set(fleet.clients.map(({ occ }) => occ))).toEqual(new Set([150]));
  const theirs = fleet.clients.filter(({ door }) => door === one);
  const lost = theirs.slice(0, 20);
  for (const client of lost) client.stop();
  // These are so late that their gateway's lease is over when they come.
  const late = theirs.slice(20, 30);
  for (const client of late) client.pauseFor(18_000);
  await fleet.kill(one);
  await fleet.clock.advance(60_000);
  const rest = fleet.clients.filter((client) => !lost.includes(client));
  expect(rest.every(({ door }) => door !== undefined)).toBe(true);
  const told = new Set(rest.flatMap(({ left }) => left));
  expect([...told].sort()).toEqual(lost.map(({ user }) => user).sort());
  const presence = fleet.memory.open().presence;
  expect(await presence.count('r')).toBe(130);
  expect(new Set(rest.map(({ occ }) => occ))).toEqual(new Set([130]));
});

test('in a large room only the number is told, and the list is paged', async () => {
  await fleet.gateway();
  await fleet.gateway();
  await fleet.crowd(230, { room: 'r' });
  await fleet.clock.advance(3000);
  const [watcher, ...others] = fleet.clients;
  for (const client of others.slice(0, 10)) client.leave();
  await fleet.clock.advance(3000);
  expect(watcher?.occ).toBe(220);
  expect(watcher?.left).toEqual([]);
  for (const client of others.slice(10, 40)) client.leave();
  await fleet.clock.advance(3000);
  expect(watcher?.occ).toBe(190);
  // Who left while there were more than 200 is not named afterwards either.
  const gone = others.slice(10, 40).map(({ user }) => user);
  expect(watcher?.left.length).toBeGreaterThan(0);
  expect(watcher?.left.every((user) => gone.includes(user))).toBe(true);
});
