import fc from 'fast-check';
import { ClusterModel } from '../../testing/cluster-model.ts';
import { decideRollout, type RolloutInput } from './rollout.ts';
import { victimOrder } from './victim-order.ts';

const TIMEOUT = 60_000;
const input = (model: ClusterModel, desired: number, target: string): RolloutInput => ({
  desired,
  target,
  deployments: model.deployments(),
  pods: model.pods(),
  now: model.now,
  drainTimeoutMs: TIMEOUT,
});

// Longer than every wait inside the decision, short of a drain's deadline (which is never quiet).
const IDLE_TURNS = 65;

/** Passes and controller turns of one second until nothing has changed for a minute. */
function settle(
  model: ClusterModel,
  desired: number,
  target: string,
  onPass: () => void = () => undefined,
): void {
  let idle = 0;
  for (let turn = 0; turn < 3000; turn += 1) {
    const changed = model.perform(decideRollout(input(model, desired, target)));
    onPass();
    const moved = model.tick(1000);
    idle = changed || moved || !model.quiet() ? 0 : idle + 1;
    if (idle >= IDLE_TURNS) return;
  }
  throw new Error(`no end: ${JSON.stringify(model.deployments())} ${JSON.stringify(model.pods())}`);
}

describe('the gateway rollout', () => {
  test('creates what is missing', () => {
    const model = new ClusterModel();
    settle(model, 3, 'a');
    expect(model.readyAccepting()).toBe(3);
  });

  test('replaces one revision by another, one drained pod after the other', () => {
    const model = new ClusterModel();
    settle(model, 3, 'a');
    settle(model, 3, 'b', () => {
      expect(model.readyAccepting()).toBeGreaterThanOrEqual(3);
      expect(model.draining()).toBeLessThanOrEqual(1);
    });
    expect(model.replicas('a')).toBe(0);
    expect(model.replicas('b')).toBe(3);
    expect(model.killedUndrained).toEqual([]);
  });

  test('scales in by the pod it drained', () => {
    const model = new ClusterModel();
    settle(model, 4, 'a');
    settle(model, 2, 'a');
    expect(model.replicas('a')).toBe(2);
    expect(model.killedUndrained).toEqual([]);
  });

  test('leaves the old revision alone while the new one does not become ready', () => {
    const model = new ClusterModel();
    settle(model, 2, 'a');
    model.broken.add('bad');
    settle(model, 2, 'bad');
    expect(model.replicas('a')).toBe(2);
    expect(model.readyAccepting()).toBe(2);
    settle(model, 2, 'a');
    expect(model.replicas('bad')).toBe(0);
  });

  test('goes from a bad revision straight to a good one', () => {
    const model = new ClusterModel();
    settle(model, 2, 'a');
    model.broken.add('bad');
    settle(model, 2, 'bad');
    settle(model, 2, 'c');
    expect([model.replicas('a'), model.replicas('bad'), model.replicas('c')]).toEqual([0, 0, 2]);
    expect(model.killedUndrained).toEqual([]);
  });

  test('takes back a drain when the spec is reverted', () => {
    const model = new ClusterModel();
    settle(model, 2, 'a');
    model.stuckClients = true;
    for (let turn = 0; turn < 10 && model.draining() === 0; turn += 1) {
      model.perform(decideRollout(input(model, 2, 'b')));
      model.tick(1000);
    }
    expect(model.draining()).toBe(1);
    model.stuckClients = false;
    settle(model, 2, 'a');
    expect(model.draining()).toBe(0);
    expect(model.readyAccepting()).toBe(2);
    expect(model.replicas('b')).toBe(0);
  });

  test('removes a pod at its deadline though clients stay', () => {
    const model = new ClusterModel();
    settle(model, 2, 'a');
    model.stuckClients = true;
    settle(model, 2, 'b');
    expect(model.replicas('a')).toBe(0);
  });

  test('a quiet platform asks for nothing but what is there', () => {
    const model = new ClusterModel();
    settle(model, 2, 'a');
    expect(decideRollout(input(model, 2, 'a'))).toEqual([{ type: 'ensure', revision: 'a', replicas: 2 }]);
  });

  test('random walks: ready capacity never falls by an act of ours, at most one pod drains, it always ends', () => {
    const step = fc.record({
      desired: fc.integer({ min: 1, max: 4 }),
      target: fc.constantFrom('a', 'b', 'c', 'bad'),
      passes: fc.integer({ min: 1, max: 12 }),
      crash: fc.boolean(),
      stuck: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.integer(), (walk, seed) => {
        const model = new ClusterModel(seed);
        model.broken.add('bad');
        settle(model, 2, 'a');
        for (const { desired, target, passes, crash, stuck } of walk) {
          model.stuckClients = stuck;
          if (crash) model.crashOne();
          for (let pass = 0; pass < passes; pass += 1) {
            const before = model.readyAccepting();
            model.perform(decideRollout(input(model, desired, target)));
            expect(model.readyAccepting()).toBeGreaterThanOrEqual(Math.min(before, desired));
            expect(model.draining()).toBeLessThanOrEqual(1);
            model.tick(1000);
          }
        }
        model.stuckClients = false;
        const last = walk.at(-1);
        settle(model, last?.desired ?? 2, 'c');
        expect(model.readyAccepting()).toBe(last?.desired ?? 2);
        expect(model.liveRevisions()).toEqual(['c']);
        expect(model.killedUndrained).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the order of victims', () => {
  test('is that of the ReplicaSet controller', () => {
    const model = new ClusterModel();
    settle(model, 4, 'a');
    const [first, second, third, fourth] = model.pods();
    if (!first || !second || !third || !fourth) throw new Error('four pods expected');
    const marked = { ...first, deletionCost: -1 };
    const unready = { ...second, ready: false };
    const pending = { ...third, ready: false, phase: 'Pending' };
    const unassigned = { ...fourth, ready: false, phase: 'Pending', node: undefined };
    expect(victimOrder([marked, unready, pending, unassigned])).toEqual([
      unassigned,
      pending,
      unready,
      marked,
    ]);
  });
});
