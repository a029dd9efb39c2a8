import { namespaceOf } from '@chatplatform/protocol';
import type { History, Latest } from '@chatplatform/redis';
import type { HistorySource } from './history.ts';
import type { HistoryPage } from './local-room.ts';

/** One source for both kinds of rooms: in a latest-value room the history is the newest value of every key. */
export function roomHistory(parts: {
  history: History;
  latest: Latest;
  isLatest: (namespace: string) => boolean;
}): HistorySource {
  const { history, latest } = parts;
  const isLatest = (room: string): boolean => parts.isLatest(namespaceOf(room));
  return {
    after: async (room, from, max) => {
      if (!isLatest(room)) return history.after(room, from, max);
      const page = await values(latest, room);
      return { ...page, entries: page.entries.filter((entry) => entry.id > from) };
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
