import { dayOf } from '../keys.ts';
import { RedisError } from '../errors.ts';
import { MAX_APPEND } from './history.ts';

interface Stamped {
  readonly id: string;
  readonly offset: number;
  readonly ts: number;
}

/** Messages whose watermarks belong to one day. */
export interface Run<M> {
  readonly day: number;
  readonly messages: readonly M[];
}

/**
 * Splits a batch where the day changes (UTC, by LogAppendTime): the day of a watermark must be the same at every
 * re-processing, so it is taken from the record, never from a clock. Nearly every batch is one run. An empty
 * batch is one empty run.
 *
 * @throws RedisError `invalid` when the batch is too long, not ascending, or of another epoch.
 */
export function splitByDay<M extends Stamped>(epoch: string, messages: readonly M[]): Run<M>[] {
  if (messages.length > MAX_APPEND) {
    throw new RedisError('invalid', `${messages.length} messages in one append; send at most ${MAX_APPEND}`);
  }
  const runs: { day: number; messages: M[] }[] = [];
  let before = -1;
  for (const message of messages) {
    if (!message.id.startsWith(epoch)) {
      throw new RedisError('invalid', `message ${message.id} is not of epoch "${epoch}"; append it to its own log`);
    }
    if (message.offset <= before) {
      throw new RedisError('invalid', `offset ${message.offset} after ${before}; messages must be ascending`);
    }
    before = message.offset;
    const day = dayOf(message.ts);
    const run = runs.at(-1);
    if (run?.day === day) run.messages.push(message);
    else runs.push({ day, messages: [message] });
  }
  return runs.length > 0 ? runs : [{ day: 0, messages: [] }];
}
