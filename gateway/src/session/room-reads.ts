import { Limits, toJson, withMessages, type Json } from '@chatplatform/protocol';
import type { Presence } from '@chatplatform/redis';
import { isOfLog } from '../rooms/catch-up.ts';
import type { HistoryPage } from '../rooms/local-room.ts';
import { ReplyBudget } from '../rooms/joiner.ts';
import { NotRestored } from '../rooms/value-history.ts';
import { Refused } from './refused.ts';

/** What a client waits when Redis is away. */
const UNREACHABLE_AFTER_MS = 2000;

/** The answer of a store; throws 114 when it cannot be reached. */
export async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const msg = error instanceof NotRestored ? error.message : 'history and presence cannot be reached now';
    throw new Refused(114, msg, UNREACHABLE_AFTER_MS);
  }
}

/** Throws 112 for a position of another log. @param prefix - what positions of the room begin with; unknown: 114 */
export function demandLog(position: string, prefix: string | undefined): void {
  if (prefix === undefined)
    throw new Refused(114, 'the message log was not reached yet', UNREACHABLE_AFTER_MS);
  if (!isOfLog(position, prefix)) throw new Refused(112, 'the position belongs to another log');
}

/** Body of a page of older messages: the newest of them that fit into a reply. */
export function scrollBody(page: Pick<HistoryPage, 'entries' | 'more'>): Json {
  const frames = page.entries.map((entry) => entry.frame);
  const kept = new ReplyBudget(Limits.replyBytes).cut(frames, false);
  return withMessages({ more: page.more || kept.length < frames.length }, kept);
}

/** Body of a page of users. */
export function whoBody(page: Awaited<ReturnType<Presence['who']>>): Json {
  const users = page.users.map(({ user, devices, since, info }) => {
    const shown = info === undefined ? {} : { info: JSON.parse(info) as unknown };
    return { u: user, dev: devices, since, ...shown };
  });
  return toJson({ users, occ: page.occ, ...(page.next !== undefined && { next: page.next }) });
}
