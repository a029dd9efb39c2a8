import { ManualClock } from '@chatplatform/runtime';
import { Commits, type Progress } from './commits.ts';

const logger = { debug: () => {} };

function setUp() {
  const clock = new ManualClock();
  const commits = new Commits(clock, logger);
  const tenure = { held: true };
  const group = { told: [] as number[], flying: 0, maxFlying: 0, takes: true };
  const at = (next: number): Progress => ({
    topic: 't',
    partition: 0,
    tenure,
    next,
    isHeld: () => tenure.held,
    write: async (offset) => {
      group.flying += 1;
      group.maxFlying = Math.max(group.maxFlying, group.flying);
      await clock.sleep(5);
      group.flying -= 1;
      if (!group.takes) throw new Error('not taken');
      group.told.push(offset);
    },
  });
  return { clock, commits, tenure, group, at };
}

test('the first is told at once, later ones together, the newest of them', async () => {
  const { clock, commits, group, at } = setUp();
  commits.note(at(1));
  await clock.advance(5);
  expect(group.told).toEqual([1]);
  for (const next of [2, 3, 4]) commits.note(at(next));
  await clock.advance(80);
  expect(group.told).toEqual([1]);
  await clock.advance(25);
  expect(group.told).toEqual([1, 4]);
  await clock.advance(1_000);
  expect(group).toMatchObject({ told: [1, 4], maxFlying: 1 });
  expect(clock.pendingTimers).toBe(0);
});

test('what is not taken is told again, unless the partition is in other hands', async () => {
  const { clock, commits, tenure, group, at } = setUp();
  group.takes = false;
  commits.note(at(1));
  await clock.advance(150);
  group.takes = true;
  await clock.advance(150);
  expect(group.told).toEqual([1]);
  commits.note(at(2));
  await clock.advance(10);
  commits.note(at(3));
  tenure.held = false;
  await clock.advance(1_000);
  expect(group.told).toEqual([1, 2]);
  expect(clock.pendingTimers).toBe(0);
});

test('a flush tells the rest, behind what is under way, and leaves no timer', async () => {
  const { clock, commits, group, at } = setUp();
  commits.note(at(1));
  commits.note(at(2));
  const flushed = commits.flush();
  await clock.advance(15);
  await flushed;
  expect(group).toMatchObject({ told: [1, 2], maxFlying: 1 });
  expect(clock.pendingTimers).toBe(0);
});

test('who stops tells at once, behind what is under way, and hears of a failure', async () => {
  const { clock, commits, group, at } = setUp();
  commits.note(at(1));
  const told = commits.now(at(2));
  await clock.advance(10);
  await told;
  expect(group).toMatchObject({ told: [1, 2], maxFlying: 1 });
  group.takes = false;
  const refused = expect(commits.now(at(3))).rejects.toThrow('not taken');
  await clock.advance(10);
  await refused;
});
