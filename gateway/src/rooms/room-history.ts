import { BEGINNING, namespaceOf } from '@chatplatform/protocol';
import type { History, Latest } from '@chatplatform/redis';
import type { LogRefill } from '../recovery/log-refill.ts';
import { refilledAfter } from '../recovery/refilled-history.ts';
import type { HistorySource } from './history.ts';
import type { HistoryPage } from './local-room.ts';

/**
 * One source for both kinds of rooms: in a latest-value room the history is the newest value of every key. What
 * follows a position in a room of messages is read from the log where Redis does not have it.
 */
export function roomHistory(parts: {
  history: History;
  latest: Latest;
  refill: LogRefill;
  isLatest: (namespace: string) => boolean;
}): HistorySource {
  const { history, latest, refill } = parts;
  const isLatest = (room: string): boolean => parts.isLatest(namespaceOf(room));
  return {
    after: async (room, from, max, atLeast) => {
      if (!isLatest(room)) return refilledAfter({ history, refill }, room, { from, max, atLeast });
      const page = await values(latest, room);
      // A room that Redis knows nothing of any more may have had values that this member never saw.
      const lost = from !== BEGINNING && page.head === BEGINNING;
      return { ...page, lost, entries: page.entries.filter((entry) => entry.id > from) };
    },
    newest: (room, max) => (isLatest(room) ? values(latest, room) : history.newest(room, max)),
    // Older values of a key are gone: there is nothing to scroll back to.
    before: (room, before, max) =>
      isLatest(room) ? values(latest, room, before) : history.before(room, before, max),
    heads: (rooms) => history.heads(rooms),
  };
}

async function values(latest: Latest, room: string, before?: string): Promise<HistoryPage> {
  const { entries, head } = await latest.all(room);
  const kept = before === undefined ? entries : [];
  return { entries: kept.map(({ id, frame }) => ({ id, p: '?', frame })), more: false, head, lost: false };
}
