import { fromJson } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { CastItem } from './cast-item.ts';

/** Lines of a room are handed on at most this often: who types is shown for 5 s, so half a second more is not seen. */
export const CONFLATION_MS = 500;
/** Typing users told at a time: more names than anybody reads, and a bound on what a crowd can cause. */
const MAX_TYPING = 20;

interface Waiting {
  /** What a newer line replaces, by its key; the rest under numbers. */
  readonly items: Map<string | number, CastItem>;
  typing: number;
  /** Lines that nothing replaces. */
  others: number;
}

/**
 * Thins out the ephemeral lines of rooms: the first one passes at once, what follows within half a second is
 * collected, and of what says the same of the same only the newest is handed on.
 */
export class Conflation {
  readonly #clock: Clock;
  readonly #pass: (room: string, items: readonly CastItem[]) => void;
  readonly #rooms = new Map<string, Waiting>();

  constructor(clock: Clock, pass: (room: string, items: readonly CastItem[]) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  add(item: CastItem): void {
    const waiting = this.#rooms.get(item.room);
    if (waiting === undefined) {
      this.#rest(item.room);
      this.#pass(item.room, [item]);
      return;
    }
    const key = keyOf(item) ?? (waiting.others += 1);
    const isNew = !waiting.items.delete(key);
    if (isNew && item.class === 'ty' && waiting.typing >= MAX_TYPING) return;
    if (isNew && item.class === 'ty') waiting.typing += 1;
    waiting.items.set(key, item);
  }

  #rest(room: string): void {
    this.#rooms.set(room, { items: new Map(), typing: 0, others: 0 });
    this.#clock.setTimeout(() => this.#flush(room), CONFLATION_MS);
  }

  /** A room in which nothing came meanwhile is forgotten. */
  #flush(room: string): void {
    const items = [...(this.#rooms.get(room)?.items.values() ?? [])];
    this.#rooms.delete(room);
    if (items.length === 0) return;
    this.#rest(room);
    this.#pass(room, items);
  }
}

interface Line {
  ty?: { u?: unknown };
  pr?: { join?: unknown; leave?: unknown };
}

/** What a newer line takes the place of: the same user's typing, or a mere number of users. */
function keyOf({ class: cls, frame }: CastItem): string | undefined {
  if (cls === 'rc') return undefined;
  const { ty, pr } = (fromJson(frame) ?? {}) as Line;
  if (typeof ty?.u === 'string') return `ty ${ty.u}`;
  return pr !== undefined && pr.join === undefined && pr.leave === undefined ? 'pr' : undefined;
}
