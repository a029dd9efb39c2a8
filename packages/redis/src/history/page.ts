import { BEGINNING, sameLog, type Position } from '@chatplatform/protocol';
import type { HistoryEntry, HistoryPage } from './history.ts';

/** What a store read: entries ascending, up to one more than `max` on the side that `more` is about. */
export interface RawPage {
  readonly head: Position;
  readonly entries: HistoryEntry[];
  readonly max: number;
}

/** Page of what follows `from`. Complete only when the chain leads from `from` to the head without a break. */
export function pageAfter(from: Position, raw: RawPage): HistoryPage {
  const head = newerOf(raw.head, raw.entries.at(-1)?.id);
  if (!sameLog(from, head) || (head === BEGINNING && from !== BEGINNING)) {
    return { entries: [], more: false, head, lost: true };
  }
  if (from >= head) return { entries: [], more: false, head, lost: false };
  const more = raw.entries.length > raw.max;
  const entries = more ? raw.entries.slice(0, raw.max) : raw.entries;
  const whole = startsAfter(from, entries[0]) && chained(entries) && (more || endsAt(entries, head));
  return { entries, more, head, lost: !whole };
}

/** Nothing lies between `from` and `first`. A `p` below `from` is of a store that did not know `from` when it wrote. */
function startsAfter(from: Position, first: HistoryEntry | undefined): boolean {
  return first?.p === from;
}

/** Page of what precedes a position, or of the newest; `untilHead` for the latter. */
export function pageBefore(raw: RawPage, untilHead: boolean): HistoryPage {
  const head = newerOf(raw.head, untilHead ? raw.entries.at(-1)?.id : undefined);
  const more = raw.entries.length > raw.max;
  const entries = more ? raw.entries.slice(1) : raw.entries;
  const ends = !untilHead || raw.max === 0 || head === BEGINNING || endsAt(entries, head);
  return { entries, more, head, lost: !chained(entries) || !ends };
}

/** The head is read before the entries, so an append in between shows as an entry above it. */
function newerOf(head: Position, last: Position | undefined): Position {
  return last !== undefined && last > head ? last : head;
}

function endsAt(entries: readonly HistoryEntry[], head: Position): boolean {
  return entries.at(-1)?.id === head;
}

function chained(entries: readonly HistoryEntry[]): boolean {
  return entries.every((entry, at) => at === 0 || entry.p === entries[at - 1]?.id);
}
