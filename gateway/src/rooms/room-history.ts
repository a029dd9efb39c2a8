import { BEGINNING, namespaceOf } from '@chatplatform/protocol';
import type { History, HistoryPage as StoredPage, Latest } from '@chatplatform/redis';
import type { LogRefill } from '../recovery/log-refill.ts';
import { refilledAfter } from '../recovery/refilled-history.ts';
import type { Beginnings } from './beginnings.ts';
import { vacantAt, type HistorySource } from './history.ts';
import type { HistoryPage } from './local-room.ts';
import { ValueHistory } from './value-history.ts';

/**
 * One source for both kinds of rooms: in a latest-value room the history is the newest value of every key. What
 * follows a position in a room of messages is read from the log where Redis does not have it.
 */
export function roomHistory(parts: {
  history: History;
  latest: Latest;
  refill: Pick<LogRefill, 'after'>;
  beginnings: Pick<Beginnings, 'of' | 'ofValues'>;
  isLatest: (namespace: string) => boolean;
}): HistorySource {
  const { history, latest, refill, beginnings } = parts;
  const values = new ValueHistory({ latest, beginnings });
  const isLatest = (room: string): boolean => parts.isLatest(namespaceOf(room));
  const after: HistorySource['after'] = async (room, from, max) =>
    opened(await history.after(room, from, max), () => beginnings.of(room), from);
  return {
    after: async (room, from, max, atLeast) =>
      isLatest(room)
        ? values.after(room, from)
        : refilledAfter({ history: { after }, refill }, room, { from, max, atLeast }),
    newest: async (room, max) =>
      isLatest(room)
        ? values.newest(room, max)
        : begun(await history.newest(room, max), () => beginnings.of(room)),
    // Older values of a key are gone: there is nothing to scroll back to.
    before: async (room, before, max) =>
      isLatest(room) ? { ...(await values.newest(room, 0)), entries: [] } : history.before(room, before, max),
    heads: (rooms) => history.heads(rooms),
    beginning: (room) => beginnings.of(room),
  };
}

/** What the first message follows is what a worker believed of Redis when it wrote it; a loss just before went unnoticed. */
async function opened(
  page: StoredPage,
  beginning: () => Promise<string | undefined>,
  from: string,
): Promise<HistoryPage> {
  if (page.lost || page.entries[0]?.opening !== true) return begun(page, beginning, from);
  return { ...page, lost: (await beginning()) !== from };
}

/**
 * A page of a room of which Redis knows no message begins where Redis does, and proves something only to who is there: who
 * has an earlier position may be owed what Redis forgot, who has a later one a message that it should know.
 */
async function begun(
  page: HistoryPage,
  beginning: () => Promise<string | undefined>,
  from?: string,
): Promise<HistoryPage> {
  if (page.head !== BEGINNING) return page;
  const begins = await beginning();
  return { ...page, ...vacantAt(begins), lost: from !== undefined && from !== begins };
}
