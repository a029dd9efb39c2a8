import { BEGINNING, type Unrecovered } from '@chatplatform/protocol';
import type { SharedHistory } from './history.ts';
import type { LocalRoom } from './local-room.ts';
import type { RoomEntry } from './ring.ts';

/** What a member asks for when it joins or returns. */
export interface CatchUpRequest {
  /** Newest message it has; undefined = it wants the newest `limit`. */
  pos: string | undefined;
  limit: number;
  /** What every position of this room begins with (epoch and partition); positions of other logs compare with nothing. */
  log: string;
}

/** What it gets: messages, and whether they are everything since `pos`. */
export interface CatchUp {
  entries: RoomEntry[];
  /** Newer ones remain (`pos` given), or older ones exist (no `pos`). */
  more: boolean;
  head: string;
  recovered: boolean;
  reason?: Unrecovered;
  /** Where the messages came from. */
  source: 'ring' | 'history';
  /** The entries ascend from `pos`, so a cut takes the newest away; otherwise the oldest. */
  ascending: boolean;
}

/**
 * What `room` has since `request.pos`. The ring answers when it can, without any read; then the history.
 * Rejects while the history cannot be reached.
 */
export async function catchUp(
  room: LocalRoom,
  history: SharedHistory,
  request: CatchUpRequest,
): Promise<CatchUp> {
  const { pos, limit } = request;
  if (pos === undefined) return newest(room, history, limit);
  if (!isOfLog(pos, request.log)) return unrecovered(room, history, request, 'epoch');
  const fromRing = readRing(room, request);
  if (fromRing !== undefined) return fromRing;
  // One message at least is read: whether anything is missing cannot be told from an empty page.
  const page = await history.after(room, pos, Math.max(1, limit));
  if (page.lost && page.head === BEGINNING) return unrecovered(room, history, request, 'expired');
  // The client may know more than a cache that lost its last writes: nothing is missing on its side.
  if (pos >= page.head) return complete({ entries: [], more: false, head: page.head }, 'history');
  if (page.lost) return unrecovered(room, history, request, 'expired');
  const entries = page.entries.slice(0, limit);
  return complete(
    { entries, more: page.more || entries.length < page.entries.length, head: page.head },
    'history',
  );
}

/** The ring proves completeness only while the room is whole: nothing held back, nothing being read. */
function readRing(room: LocalRoom, { pos, limit }: CatchUpRequest): CatchUp | undefined {
  const head = room.last;
  if (head === undefined || pos === undefined || room.repairing) return undefined;
  const entries = pos === head ? [] : room.ring.after(pos);
  if (entries === undefined || (entries.length === 0 && pos !== head)) return undefined;
  return complete({ entries: entries.slice(0, limit), more: entries.length > limit, head }, 'ring');
}

function complete(
  { entries, more, head }: Pick<CatchUp, 'entries' | 'more' | 'head'>,
  source: CatchUp['source'],
): CatchUp {
  return { entries, more, head, recovered: true, ascending: true, source };
}

/** True for positions that can be compared with those of the room. */
export function isOfLog(pos: string, log: string): boolean {
  return pos === BEGINNING || pos.startsWith(log);
}

async function unrecovered(
  room: LocalRoom,
  history: SharedHistory,
  { limit }: CatchUpRequest,
  reason: Unrecovered,
): Promise<CatchUp> {
  return { ...(await newest(room, history, limit)), recovered: false, reason };
}

async function newest(room: LocalRoom, history: SharedHistory, limit: number): Promise<CatchUp> {
  const page = await history.newest(room, Math.max(1, limit));
  const entries = limit === 0 ? [] : page.entries;
  const more = page.more || entries.length < page.entries.length;
  return { entries, more, head: page.head, recovered: true, ascending: false, source: 'history' };
}
