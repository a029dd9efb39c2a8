import { redisSingle } from '../../resources/redis-single.ts';
import type { ComponentResult } from '../component.ts';
import type { ConditionDraft, Pass } from '../pass.ts';
import { Reasons } from '../reasons.ts';
import type { RedisObservation } from './watch.ts';

/** Redis: the single node of SingleDev, and what is seen of any other. */
export async function reconcileRedis(
  pass: Pass,
  deps: { image: string; observation: RedisObservation },
): Promise<ComponentResult> {
  const { spec, owner } = pass;
  if (spec.redis.mode === 'SingleDev') {
    for (const manifest of redisSingle(spec, owner, deps.image)) await pass.apply(manifest);
  }
  return {
    conditions: [redisReady(deps.observation)],
    status: { redis: { mode: spec.redis.mode, state: deps.observation.state } },
  };
}

function redisReady(seen: RedisObservation): ConditionDraft {
  if (seen.state === 'Ready')
    return { type: 'RedisReady', status: 'True', reason: Reasons.reachable, message: 'Redis answers' };
  if (seen.state === 'Connecting') {
    return {
      type: 'RedisReady',
      status: 'Unknown',
      reason: Reasons.connecting,
      message: 'Redis is being contacted',
    };
  }
  return {
    type: 'RedisReady',
    status: 'False',
    reason: Reasons.unreachable,
    message: `Redis does not answer: ${seen.problem}`,
  };
}
