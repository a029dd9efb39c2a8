import { BEGINNING, namespaceOf } from '@chatplatform/protocol';
import type { History, Latest, LatestEntry } from '@chatplatform/redis';
import type { LogRefill } from '../recovery/log-refill.ts';
import { refilledAfter } from '../recovery/refilled-history.ts';
import type { HistorySource } from './history.ts';
import type { HistoryPage } from './local-room.ts';
import type { RoomEntry } from './ring.ts';

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
    after: async (room, from, max, atLeast) =>
      isLatest(room)
        ? changes(latest, room, from)
        : refilledAfter({ history, refill }, room, { from, max, atLeast }),
    newest: (room, max) => (isLatest(room) ? values(latest, room) : history.newest(room, max)),
    // Older values of a key are gone: there is nothing to scroll back to.
    before: async (room, before, max) =>
      isLatest(room) ? { ...(await values(latest, room)), entries: [] } : history.before(room, before, max),
    heads: (rooms) => history.heads(rooms),
  };
}

/** The value of every key. */
async function values(latest: Latest, room: string): Promise<HistoryPage> {
  const { entries, head } = await latest.all(room);
  return { entries: chained(entries, BEGINNING), more: false, head, lost: false };
}

/** What the members who have seen everything up to `from` are owed: the newest change of every key, deletions too. */
async function changes(latest: Latest, room: string, from: string): Promise<HistoryPage> {
  const { entries, head } = await latest.changes(room, from);
  // A room that Redis knows nothing of any more may have had values that nobody here saw.
  const lost = from !== BEGINNING && head === BEGINNING;
  return { entries: chained(entries, from), more: false, head, lost };
}

/** Nothing is owed between two values that follow each other. */
function chained(entries: readonly LatestEntry[], from: string): RoomEntry[] {
  return entries.map(({ id, frame }, at) => ({ id, p: entries[at - 1]?.id ?? from, frame }));
}
