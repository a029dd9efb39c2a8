import { CONDITION_TYPES, type Condition } from '@chatplatform/platform';
import type { ConditionDraft, Pass, Problem } from './pass.ts';
import { Reasons } from './reasons.ts';

// What a platform needs to be Ready, in the order in which a person would look.
const NEEDED = [
  'Reconciled',
  'KafkaReady',
  'TopicsReady',
  'RedisReady',
  'GatewayReady',
  'WorkersReady',
] as const;

/** All conditions of a pass: those of the components, and the summary made of them. */
export function allConditions(pass: Pass, components: readonly ConditionDraft[]): ConditionDraft[] {
  const parts = [...withOneRollout(components), reconciled(pass.problems), paused(pass)];
  return [...parts, progressing(parts), degraded(parts, pass.problems), ready(parts)];
}

/** Gateways and workers roll each in their own way; the platform has rolled when both have. */
function withOneRollout(components: readonly ConditionDraft[]): ConditionDraft[] {
  const rollouts = components.filter(({ type }) => type === 'RolloutComplete');
  const [first] = rollouts;
  if (!first) return [...components];
  const open = rollouts.filter(({ status }) => status !== 'True');
  // The one that is stuck, before one that just takes its time.
  const shown = open.find(({ reason }) => reason !== Reasons.rollingOut) ?? open[0] ?? first;
  const message = (open.length > 0 ? open : rollouts).map((rollout) => rollout.message).join('; ');
  return [...components.filter(({ type }) => type !== 'RolloutComplete'), { ...shown, message }];
}

function reconciled(problems: readonly Problem[]): ConditionDraft {
  const [first] = problems;
  if (!first) {
    return {
      type: 'Reconciled',
      status: 'True',
      reason: Reasons.reconciled,
      message: 'every object is as the spec asks',
    };
  }
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return { type: 'Reconciled', status: 'False', reason: first.reason, message: first.message + more };
}

function paused(pass: Pass): ConditionDraft {
  if (!pass.paused)
    return { type: 'Paused', status: 'False', reason: Reasons.managed, message: 'changes are applied' };
  const plan = pass.preview.length === 0 ? 'nothing would change' : `would ${pass.preview.join('; ')}`;
  return {
    type: 'Paused',
    status: 'True',
    reason: Reasons.paused,
    message: `nothing is written (management: Paused); ${plan}`,
  };
}

function progressing(parts: readonly ConditionDraft[]): ConditionDraft {
  const rollout = parts.find((part) => part.type === 'RolloutComplete');
  if (rollout && rollout.status !== 'True') {
    return { type: 'Progressing', status: 'True', reason: Reasons.rollingOut, message: rollout.message };
  }
  return {
    type: 'Progressing',
    status: 'False',
    reason: Reasons.stable,
    message: 'nothing is being changed',
  };
}

function degraded(parts: readonly ConditionDraft[], problems: readonly Problem[]): ConditionDraft {
  const conflict = problems.find((problem) => !problem.retry);
  const broken = parts.find((part) => part.status === 'False' && NEEDED.some((type) => type === part.type));
  const cause = conflict ?? broken;
  if (!cause)
    return { type: 'Degraded', status: 'False', reason: Reasons.healthy, message: 'every part works' };
  return { type: 'Degraded', status: 'True', reason: cause.reason, message: cause.message };
}

function ready(parts: readonly ConditionDraft[]): ConditionDraft {
  for (const type of NEEDED) {
    const part = parts.find((candidate) => candidate.type === type);
    if (part && part.status !== 'True')
      return { type: 'Ready', status: 'False', reason: part.reason, message: part.message };
  }
  return {
    type: 'Ready',
    status: 'True',
    reason: Reasons.ready,
    message: 'clients can connect, publish and receive',
  };
}

/** Gives drafts their times: a transition is a change of `status`, as everywhere in Kubernetes. */
export function stamped(
  drafts: readonly ConditionDraft[],
  before: readonly Condition[],
  { now, generation }: { now: number; generation: number },
): Condition[] {
  const order = (draft: ConditionDraft): number => CONDITION_TYPES.indexOf(draft.type);
  return [...drafts]
    .sort((a, b) => order(a) - order(b))
    .map((draft) => {
      const known = before.find((condition) => condition.type === draft.type);
      const same = known?.status === draft.status;
      return {
        ...draft,
        message: draft.message.slice(0, MAX_MESSAGE),
        observedGeneration: generation,
        lastTransitionTime: same
          ? known.lastTransitionTime
          : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
      };
    });
}

// The schema's limit.
const MAX_MESSAGE = 4096;
