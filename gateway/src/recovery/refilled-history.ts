import type { HistoryPage } from '../rooms/local-room.ts';
import type { HistorySource } from '../rooms/history.ts';
import type { LogRefill } from './log-refill.ts';

/** What is asked of a room: the first `max` messages after a position. */
export interface AfterRange {
  from: string;
  max: number;
  /** A message known to be in the room: a history that ends before it has forgotten. */
  atLeast: string | undefined;
}

/**
 * A page of a room of messages: from the history, and from the log where the history does not have it or is away. Rejects
 * when the history is away and the log alone proves nothing: what the history will say when it is back is not lost.
 */
export async function refilledAfter(
  sources: { history: Pick<HistorySource, 'after'>; refill: Pick<LogRefill, 'after'> },
  room: string,
  { from, max, atLeast }: AfterRange,
): Promise<HistoryPage> {
  const refill = (head: string | undefined, kept?: HistoryPage): Promise<HistoryPage> =>
    sources.refill.after(room, { from, max, head, kept });
  let page: HistoryPage;
  try {
    page = await sources.history.after(room, from, max);
  } catch (error) {
    const refilled = await refill(atLeast);
    if (refilled.lost) throw error;
    return refilled;
  }
  const stored = page.vacancy === undefined ? page.head : undefined;
  const head = newer(atLeast, stored);
  if (page.lost) return proven(page, await refill(head, page));
  if (head === stored || head === undefined || head <= from) return page;
  // Up to its end the history is right; when the log cannot help, workers bring up what it lacks.
  const refilled = await refill(head).catch(() => page);
  return refilled.lost ? page : refilled;
}

function newer(a: string | undefined, b: string | undefined): string | undefined {
  return a !== undefined && (b === undefined || a > b) ? a : b;
}

/** Where the log cannot help, what the history does have is still given, with the reason why it may not be all. */
function proven(page: HistoryPage, refilled: HistoryPage): HistoryPage {
  if (refilled.lost) return { ...page, ...(refilled.reason !== undefined && { reason: refilled.reason }) };
  const isVacant = page.vacancy !== undefined && refilled.entries.length === 0;
  return isVacant && page.head >= refilled.head
    ? { ...refilled, head: page.head, vacancy: 'known' }
    : refilled;
}
