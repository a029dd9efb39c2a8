import { BEGINNING } from '@chatplatform/protocol';
import type { History } from '@chatplatform/redis';
import type { HistoryPage } from '../rooms/local-room.ts';
import type { LogRefill } from './log-refill.ts';

/** What is asked of a room: the first `max` messages after a position. */
export interface AfterRange {
  from: string;
  max: number;
  /** A message known to be in the room: a history that ends before it has forgotten. */
  atLeast: string | undefined;
}

/** A page of a room of messages: from the history, and from the log where the history does not have it or is away. */
export async function refilledAfter(
  sources: { history: Pick<History, 'after'>; refill: Pick<LogRefill, 'after'> },
  room: string,
  { from, max, atLeast }: AfterRange,
): Promise<HistoryPage> {
  const refill = (head: string | undefined, kept?: HistoryPage): Promise<HistoryPage> =>
    sources.refill.after(room, { from, max, head, kept });
  const page = await sources.history.after(room, from, max).catch(() => undefined);
  if (page === undefined) return refill(atLeast);
  const head = atLeast !== undefined && atLeast > page.head ? atLeast : page.head;
  if (page.lost) return proven(page, await refill(head === BEGINNING ? undefined : head, page));
  if (head === page.head) return page;
  // Up to its end the history is right; when the log cannot help, workers bring up what it lacks.
  const refilled = await refill(head).catch(() => page);
  return refilled.lost ? page : refilled;
}

/** Where the log cannot help, what the history does have is still given, with the reason why it may not be all. */
function proven(page: HistoryPage, refilled: HistoryPage): HistoryPage {
  if (!refilled.lost) return refilled;
  return { ...page, ...(refilled.reason !== undefined && { reason: refilled.reason }) };
}
