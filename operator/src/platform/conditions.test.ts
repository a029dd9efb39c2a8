import type { Condition } from '@chatplatform/platform';
import { allConditions } from './conditions.ts';
import type { ConditionDraft, Pass } from './pass.ts';
import { transitionNotes } from './status.ts';

const pass = { problems: [], paused: false, preview: [] } as unknown as Pass;
const rollout = (reason: string, message: string): ConditionDraft => ({
  type: 'RolloutComplete',
  status: reason === 'Complete' ? 'True' : 'False',
  reason,
  message,
});
const of = (type: string, drafts: readonly ConditionDraft[]) => drafts.filter((draft) => draft.type === type);

describe('RolloutComplete', () => {
  test('is one condition of gateways and workers, and true when both are there', () => {
    const all = allConditions(pass, [rollout('Complete', 'workers do'), rollout('Complete', 'gateways do')]);
    expect(of('RolloutComplete', all)).toEqual([rollout('Complete', 'workers do; gateways do')]);
    expect(of('Progressing', all)).toMatchObject([{ status: 'False' }]);
  });

  test('names what is stuck before what takes its time, and shows both', () => {
    const all = allConditions(pass, [
      rollout('RollingOut', 'gateways go on'),
      rollout('PodsFailing', 'a worker cannot start'),
    ]);
    expect(of('RolloutComplete', all)).toEqual([
      rollout('PodsFailing', 'gateways go on; a worker cannot start'),
    ]);
    expect(of('Progressing', all)).toMatchObject([{ status: 'True' }]);
  });
});

describe('the event of a rollout', () => {
  const stamped = (draft: ConditionDraft): { conditions: Condition[] } => ({
    conditions: [{ ...draft, lastTransitionTime: '2026-01-01T00:00:00Z' }],
  });
  const done = stamped(rollout('Complete', 'done'));

  test('is no warning while it goes on, and one when pods fail', () => {
    const [began] = transitionNotes(done, stamped(rollout('RollingOut', 'it begins')));
    expect(began).toMatchObject({ type: 'Normal', reason: 'RollingOut' });
    const [stuck] = transitionNotes(done, stamped(rollout('PodsFailing', 'it is stuck')));
    expect(stuck).toMatchObject({ type: 'Warning', reason: 'PodsFailing' });
  });
});
