import { ManualClock } from '@chatplatform/runtime';
import type { CastItem } from './cast-item.ts';
import { CONFLATION_MS } from './conflation.ts';
import { RoomCast } from './room-cast.ts';

const ROOM = 'team:1';
const typing = (u: string, on = true): CastItem => ({
  class: 'ty',
  room: ROOM,
  frame: JSON.stringify({ ty: { r: ROOM, u, on } }),
});
const presence = (body: object): CastItem => ({
  class: 'pr',
  room: ROOM,
  frame: JSON.stringify({ pr: { r: ROOM, ...body } }),
});

function scene(gateways: readonly string[], hot: boolean) {
  const clock = new ManualClock();
  const sent: [string, string[]][] = [];
  const delivered: string[] = [];
  const cast = new RoomCast({
    incarnation: 'gw-1',
    clock,
    routesOf: () => Promise.resolve(gateways),
    hot: { isHot: () => hot },
    send: (inbox, items) => Promise.resolve(sent.push([inbox, items.map(({ frame }) => frame)])),
    deliver: ({ frame }) => void delivered.push(frame),
  });
  return { clock, cast, sent, delivered };
}

test('a line goes to the members here at once, and to each other gateway that has some', async () => {
  const { clock, cast, sent, delivered } = scene(['gw-1', 'gw-2', 'gw-3'], false);
  const line = typing('ann');
  cast.cast(line);
  expect(delivered).toEqual([line.frame]);
  await clock.advance(0);
  expect(sent).toEqual([
    ['gw-2', [line.frame]],
    ['gw-3', [line.frame]],
  ]);
});

test('of a hot room everybody is sent one payload, with the newest line of each user', async () => {
  const { clock, cast, sent } = scene(['gw-1', 'gw-2'], true);
  cast.cast(typing('ann'));
  await clock.advance(0);
  for (const line of [typing('bob'), typing('ann', false), typing('bob', false), typing('cat')])
    cast.cast(line);
  await clock.advance(CONFLATION_MS);
  const [first, second] = sent;
  expect(sent).toHaveLength(2);
  expect(first?.[0]).toMatch(/^hot:\d+$/);
  expect(first?.[1]).toEqual([typing('ann').frame]);
  expect(second).toEqual([
    first?.[0],
    [typing('ann', false), typing('bob', false), typing('cat')].map(({ frame }) => frame),
  ]);
});

test('members of a hot room get at most two frames a second, however many gateways send', async () => {
  const { clock, cast, delivered } = scene([], true);
  for (let n = 0; n < 1000; n += 1) {
    cast.arrived(presence({ occ: n }), true);
    cast.arrived(typing(`user-${n}`), true);
    await clock.advance(1);
  }
  const numbers = delivered.filter((frame) => frame.includes('"occ"'));
  expect(numbers).toHaveLength(3);
  expect(delivered.length - numbers.length).toBeLessThanOrEqual(2 * 20 + 1);
  await clock.advance(CONFLATION_MS);
  expect(delivered).toContain(presence({ occ: 999 }).frame);
});

test('who came and who went is never left out', async () => {
  const { clock, cast, delivered } = scene([], true);
  const changes = [{ join: ['ann'] }, { leave: ['ann'] }, { join: ['bob'] }].map((who, occ) =>
    presence({ ...who, occ }),
  );
  for (const change of changes) cast.arrived(change, true);
  await clock.advance(CONFLATION_MS);
  expect(delivered).toEqual(changes.map(({ frame }) => frame));
});

test('a room in which nothing happens any more costs nothing', async () => {
  const { clock, cast } = scene([], true);
  for (let n = 0; n < 10; n += 1) cast.arrived(typing('ann'), true);
  await clock.advance(2 * CONFLATION_MS);
  expect(clock.pendingTimers).toBe(0);
});
