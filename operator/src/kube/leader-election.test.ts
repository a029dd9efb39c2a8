import { ManualClock } from '@chatplatform/runtime';
import { silentLogger } from '@chatplatform/telemetry';
import { MemoryClient } from '../testing/memory-client.ts';
import { KubeError } from './errors.ts';
import { DEFAULT_TIMING, type LeaderElection, startLeaderElection } from './leader-election.ts';

let client: MemoryClient;
let lost: string[];
beforeEach(() => {
  client = new MemoryClient();
  lost = [];
});

function candidate(identity: string, clock: ManualClock): LeaderElection {
  return startLeaderElection({
    client,
    clock,
    logger: silentLogger,
    namespace: 'ns',
    name: 'lease',
    identity,
    timing: DEFAULT_TIMING,
    onLost: () => lost.push(identity),
  });
}

async function pass(ms: number, ...clocks: ManualClock[]): Promise<void> {
  for (let at = 0; at < ms; at += 500) {
    for (const clock of clocks) await clock.advance(500);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
}

describe('the leader election', () => {
  test('has one leader, and the other one waits', async () => {
    const clock = new ManualClock();
    const a = candidate('a', clock);
    await pass(1000, clock);
    const b = candidate('b', clock);
    await pass(60_000, clock);
    expect([a.isLeader(), b.isLeader()]).toEqual([true, false]);
    expect(() => b.assertLeader()).toThrow(/does not lead/);
  });

  test('a leader that leaves is followed within one retry', async () => {
    const clock = new ManualClock();
    const a = candidate('a', clock);
    await pass(1000, clock);
    const b = candidate('b', clock);
    await pass(3000, clock);
    await a.stop();
    expect(() => a.assertLeader()).toThrow(/does not lead/);
    await pass(4000, clock);
    expect(b.isLeader()).toBe(true);
  });

  test('a leader cut off from the API server stops before another one may start, whatever their clocks say', async () => {
    const slow = new ManualClock(1);
    const fast = new ManualClock(9_000_000_000_000);
    const a = candidate('a', slow);
    await pass(1000, slow, fast);
    const b = candidate('b', fast);
    await pass(3000, slow, fast);
    client.failure = new KubeError('network', 'cut off');
    let both = false;
    for (let second = 0; second < 40; second += 1) {
      if (second === 12) client.failure = undefined;
      await pass(1000, slow, fast);
      both ||= a.isLeader() && b.isLeader();
      if (second === 11) expect(a.isLeader()).toBe(false);
    }
    expect(both).toBe(false);
    expect(lost).toEqual(['a']);
    expect(b.isLeader()).toBe(true);
  });

  test('a leader that was stopped for longer than its lease writes nothing when it wakes up', async () => {
    const frozen = new ManualClock();
    const running = new ManualClock();
    const a = candidate('a', frozen);
    await pass(1000, frozen, running);
    const b = candidate('b', running);
    await pass(30_000, running);
    expect(b.isLeader()).toBe(true);
    // Its clock jumps: that is all a stopped process notices.
    await frozen.advance(30_000);
    expect(() => a.assertLeader()).toThrow(/does not lead/);
  });
});
