import { watermarkDays } from '../keys.ts';
import { RedisError } from '../errors.ts';
import { MAX_APPEND } from './history.ts';

interface Stamped {
  readonly id: string;
  readonly offset: number;
  readonly ts: number;
}

/** Messages whose watermarks belong to one day. */
export interface Run<M> {
  /** The day first, then the others to look at for duplicates. */
  readonly days: readonly number[];
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
  const runs: { days: readonly number[]; messages: M[] }[] = [];
  let before = -1;
  for (const message of messages) {
    if (!message.id.startsWith(epoch)) {
      throw new RedisError(
        'invalid',
        `message ${message.id} is not of epoch "${epoch}"; append it to its own log`,
      );
    }
    if (message.offset <= before) {
      throw new RedisError('invalid', `offset ${message.offset} after ${before}; messages must be ascending`);
    }
    before = message.offset;
    const days = watermarkDays(message.ts);
    const run = runs.at(-1);
    if (run && sameDays(run.days, days)) run.messages.push(message);
    else runs.push({ days, messages: [message] });
  }
  return runs.length > 0 ? runs : [{ days: [0], messages: [] }];
}

/** Both lists start with their day, the only other difference is the day after at the end. */
function sameDays(a: readonly number[], b: readonly number[]): boolean {
  return a[0] === b[0] && a.length === b.length;
}
