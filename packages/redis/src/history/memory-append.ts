import { BEGINNING, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import { offsetOf } from '../keys.ts';
import { ensure, type Mark, type MemoryData, type MemoryRoom, type MemoryValue } from '../memory/data.ts';
import type { AppendResult, AppendVerdict, Verdict } from './history.ts';
import type { Run } from './runs.ts';

interface Incoming {
  readonly id: string;
  readonly offset: number;
  readonly inst: string;
  readonly n: number;
  readonly ts: number;
}

/** What the two kinds of rooms do differently; the rest of an append is the same. */
export interface AppendKind<M extends Incoming> {
  /** Stored `p` when the message is what the room holds, else undefined. */
  present(room: MemoryRoom, message: M): string | undefined;
  /** Writes it; returns its `p`. */
  write(room: MemoryRoom, message: M): string;
}

/** The same decisions as append.lua and latest.lua take, in the same order. */
export function memoryAppend<M extends Incoming>(
  room: MemoryRoom,
  run: Run<M>,
  o: { rememberedHead: string; routes: string[]; kind: AppendKind<M> },
): AppendResult {
  let top = room.head === BEGINNING ? -1 : offsetOf(room.head);
  if (o.rememberedHead !== BEGINNING && offsetOf(o.rememberedHead) > top)
    return { behind: true, head: room.head };
  const verdicts = run.messages.map((message): AppendVerdict => {
    const { id, offset } = message;
    const answer = (verdict: Verdict, p = UNKNOWN_PREVIOUS): AppendVerdict => ({ id, p, verdict });
    if (offset <= top) {
      const p = o.kind.present(room, message);
      return p === undefined ? answer('decided') : answer('present', p);
    }
    if (isDuplicate(room, run.days, message)) return answer('duplicate');
    const p = o.kind.write(room, message);
    room.head = id;
    top = offset;
    ensure(room.marks, run.days[0] as number, () => new Map<string, Mark>()).set(message.inst, {
      n: message.n,
      offset,
    });
    return answer('appended', p);
  });
  return { behind: false, verdicts, head: room.head, routes: o.routes };
}

function isDuplicate(room: MemoryRoom, days: readonly number[], { inst, n, offset }: Incoming): boolean {
  return days.some((day) => {
    const mark = room.marks.get(day)?.get(inst);
    return mark !== undefined && mark.offset < offset && mark.n >= n;
  });
}

/** The room, made when it is not there, with what has expired taken out. */
export function liveRoom(data: MemoryData, key: string, now: number): MemoryRoom {
  const room = ensure(data.rooms, key, () => ({
    head: BEGINNING,
    headUntil: Infinity,
    entries: [],
    entriesUntil: Infinity,
    marks: new Map<number, Map<string, Mark>>(),
    values: new Map<string, MemoryValue>(),
    droppedValue: '',
  }));
  if (room.headUntil <= now) room.head = BEGINNING;
  if (room.entriesUntil <= now) room.entries = [];
  return room;
}
