import { BEGINNING, type Unrecovered } from '@chatplatform/protocol';
import type { SharedHistory } from './history.ts';
import type { HistoryPage, LocalRoom, Vacancy } from './local-room.ts';
import type { RoomEntry } from './ring.ts';

/** What a member asks for when it joins or returns. */
export interface CatchUpRequest {
  /** Newest message it has; undefined = it wants the newest `limit`. */
  pos: string | undefined;
  limit: number;
  /** What every position of this room begins with (epoch and partition); positions of other logs compare with nothing. */
  log: string;
  /** The room keeps the newest value of each key: all of them are given, whatever `pos`; none with a `limit` of 0. */
  latest?: boolean;
}

/** What it gets: messages, and whether they are everything since `pos`. */
export interface CatchUp {
  entries: RoomEntry[];
  /** Newer ones remain (`pos` given), or older ones exist (no `pos`). */
  more: boolean;
  head: string;
  /** Set when the room has no message: `head` is where it begins. */
  vacancy: Vacancy | undefined;
  recovered: boolean;
  reason?: Unrecovered;
  /** Where the proof came from that nothing is missing; `none` when there is none. */
  source: RecoverySource;
  /** The entries ascend from `pos`, so a cut takes the newest away; otherwise the oldest. */
  ascending: boolean;
}

/** Where a recovery came from. */
export type RecoverySource = 'ring' | 'redis' | 'kafka' | 'none';

/**
 * What `room` has since `request.pos`. The ring answers when it can, without any read; then the history, and behind
 * it the log. Rejects while what is needed cannot be reached.
 */
export async function catchUp(
  room: LocalRoom,
  history: SharedHistory,
  request: CatchUpRequest,
): Promise<CatchUp> {
  return placed(room, await found(room, history, request));
}

/** Where both know of no message, a member is where the room here begins: whoever read later may know less of it, or more. */
function placed({ last, vacancy }: LocalRoom, catchUp: CatchUp): CatchUp {
  const isLater = vacancy !== undefined && catchUp.vacancy !== undefined && (last ?? '') > catchUp.head;
  return isLater ? { ...catchUp, head: last ?? '', vacancy } : catchUp;
}

async function found(room: LocalRoom, history: SharedHistory, request: CatchUpRequest): Promise<CatchUp> {
  const { pos, limit } = request;
  if (request.latest === true) return values(room, history, request);
  if (pos === undefined) return newest(room, history, limit);
  if (!isOfLog(pos, request.log)) return unrecovered(room, history, { limit, reason: 'epoch' });
  const fromRing = readRing(room, request);
  if (fromRing !== undefined) return fromRing;
  const page = await readAfter(room, history, { pos, limit });
  const reason = holeAfter(page, pos);
  if (reason !== undefined) return unrecovered(room, history, { limit, reason });
  const source = page.source ?? 'redis';
  // The client may know more than a cache that lost its last writes: nothing is missing on its side.
  if (pos >= page.head) return complete({ ...page, entries: [], more: false }, source);
  const entries = page.entries.slice(0, limit);
  return complete({ ...page, entries, more: page.more || entries.length < page.entries.length }, source);
}

/** Why a page does not prove that nothing is missing after `pos`; undefined when it does. */
export function holeAfter(page: HistoryPage, pos: string): Unrecovered | undefined {
  const isBeyond = pos >= page.head && page.vacancy === undefined;
  return page.lost && !isBeyond ? (page.reason ?? 'expired') : undefined;
}

/** Why the values of a page may be fewer than there were for who has `pos`; undefined when they are all. */
export function valuesLost({ head, vacancy, provenFrom }: HistoryPage, pos: string): Unrecovered | undefined {
  if (provenFrom === undefined)
    return vacancy === 'unknown' || (vacancy === 'known' && pos !== head) ? 'expired' : undefined;
  return pos < provenFrom || (vacancy === 'known' && pos > head) ? 'expired' : undefined;
}

/** A member who was away is owed no value in between: the newest ones are all there is to recover. */
async function values(
  room: LocalRoom,
  history: SharedHistory,
  { pos, limit, log }: CatchUpRequest,
): Promise<CatchUp> {
  const page = valuesKnown(room, await history.newest(room, limit));
  const { entries, head, vacancy } = page;
  const reason = pos === undefined || !isOfLog(pos, log) ? undefined : valuesLost(page, pos);
  const kept = limit === 0 ? [] : entries;
  const found = { entries: kept, more: kept.length < entries.length, head, vacancy, ascending: true };
  return reason === undefined
    ? { ...found, recovered: true, source: 'redis' }
    : { ...found, recovered: false, reason, source: 'none' };
}

/**
 * Where nothing was appended since a loss, a room that is delivered here goes on where it was, if what came last is among
 * what was restored or has left the log by age; else Redis lacks something that it will get.
 */
function valuesKnown(room: LocalRoom, page: HistoryPage): HistoryPage {
  const { vacancy, newestValue = BEGINNING, provenFrom = BEGINNING } = page;
  const { hasMessages, last = BEGINNING } = room;
  if (vacancy === undefined || !hasMessages) return page;
  if (newestValue >= last) return { ...page, head: newestValue, vacancy: undefined };
  return last < provenFrom ? { ...page, head: last, vacancy: undefined } : page;
}

/** One message at least is read: whether anything is missing cannot be told from an empty page. */
async function readAfter(
  room: LocalRoom,
  history: SharedHistory,
  { pos, limit }: { pos: string; limit: number },
): Promise<HistoryPage> {
  const max = Math.max(1, limit);
  const page = await history.after(room, pos, max);
  if (!isBehind(room, page)) return page;
  return asKnownHere(room, await history.after(room, pos, max, room.last));
}

/** A room whose newest message only this gateway knows is no vacant one; who is behind that message lacks nothing of it. */
function asKnownHere({ last }: LocalRoom, page: HistoryPage): HistoryPage {
  const isOlder = page.vacancy !== undefined && last !== undefined && last < page.head;
  return isOlder && !page.lost ? { ...page, head: last, vacancy: undefined } : page;
}

/** The history ends before what was delivered here, and the ring does not lead from there to it: Redis has forgotten. */
function isBehind(room: LocalRoom, { head, vacancy }: Pick<HistoryPage, 'head' | 'vacancy'>): boolean {
  if (vacancy !== undefined) return room.hasMessages;
  return room.last !== undefined && head < room.last && room.ring.after(head) === undefined;
}

/** The ring proves completeness only while the room is whole: nothing held back, nothing being read. */
function readRing(room: LocalRoom, { pos, limit }: CatchUpRequest): CatchUp | undefined {
  const head = room.last;
  if (head === undefined || pos === undefined || room.repairing || room.vacancy === 'unknown')
    return undefined;
  const entries = pos === head ? [] : room.ring.after(pos);
  if (entries === undefined || (entries.length === 0 && pos !== head)) return undefined;
  const page = { entries: entries.slice(0, limit), more: entries.length > limit, head };
  return complete({ ...page, vacancy: room.vacancy }, 'ring');
}

function complete(
  { entries, more, head, vacancy }: Pick<HistoryPage, 'entries' | 'more' | 'head' | 'vacancy'>,
  source: RecoverySource,
): CatchUp {
  return { entries, more, head, vacancy, recovered: true, ascending: true, source };
}

/** True for positions that can be compared with those of the room. */
export function isOfLog(pos: string, log: string): boolean {
  return pos === BEGINNING || pos.startsWith(log);
}

async function unrecovered(
  room: LocalRoom,
  history: SharedHistory,
  { limit, reason }: { limit: number; reason: Unrecovered },
): Promise<CatchUp> {
  return { ...(await newest(room, history, limit)), recovered: false, reason, source: 'none' };
}

async function newest(room: LocalRoom, history: SharedHistory, limit: number): Promise<CatchUp> {
  const known = newestInRing(room, limit);
  if (known !== undefined) return known;
  if (limit === 0) return headAlone(room, history);
  const page = newestKnown(room, await history.newest(room, limit));
  const { head, vacancy } = page;
  const entries = page.entries.slice(-limit);
  const more = page.more || entries.length < page.entries.length;
  return { entries, more, head, vacancy, recovered: true, ascending: false, source: 'redis' };
}

/** What is asked for without a position, where the room has all of it: a crowd that joins one room reads nothing. */
function newestInRing(room: LocalRoom, limit: number): CatchUp | undefined {
  const head = room.last;
  if (head === undefined || room.repairing || room.vacancy === 'unknown') return undefined;
  const { entries } = room.ring;
  if (entries.length < limit) return undefined;
  const newest = limit === 0 ? [] : entries.slice(-limit);
  const before = newest[0]?.p ?? head;
  return {
    entries: newest,
    more: before !== BEGINNING,
    head,
    vacancy: room.vacancy,
    recovered: true,
    ascending: false,
    source: 'ring',
  };
}

/** Who wants no messages needs to know where the room is, and no more. */
async function headAlone(room: LocalRoom, history: SharedHistory): Promise<CatchUp> {
  const read = await history.head(room);
  const isNewerHere =
    read.vacancy === undefined ? room.last !== undefined && room.last > read.head : room.hasMessages;
  const head = isNewerHere ? (room.last ?? read.head) : read.head;
  const vacancy = isNewerHere ? undefined : read.vacancy;
  return {
    entries: [],
    more: vacancy === undefined,
    head,
    vacancy,
    recovered: true,
    ascending: false,
    source: 'redis',
  };
}

/** Where the history has forgotten what was delivered here, the ring holds what is newest. */
function newestKnown(
  room: LocalRoom,
  page: HistoryPage,
): Pick<HistoryPage, 'entries' | 'more' | 'head' | 'vacancy'> {
  if (room.last === undefined || !isBehind(room, page)) return page;
  return { entries: room.ring.entries, more: true, head: room.last };
}
