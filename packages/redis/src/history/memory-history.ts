import { BEGINNING, UNKNOWN_PREVIOUS, type Position } from '@chatplatform/protocol';
import { dayOf, offsetOf } from '../keys.ts';
import type { MemoryServer } from '../memory/server.ts';
import { joinRuns } from './append-reply.ts';
import { renderFrame } from './frame.ts';
import {
  DEFAULT_HISTORY_LIMITS,
  type AppendMessage,
  type AppendRequest,
  type AppendResult,
  type History,
  type HistoryEntry,
  type HistoryLimits,
  type HistoryPage,
  type LastOf,
} from './history.ts';
import { liveRoom, memoryAppend, type AppendKind } from './memory-append.ts';
import { pageAfter, pageBefore, type RawPage } from './page.ts';
import { HEAD_KEEP_MS } from './redis-history.ts';
import { splitByDay, type Run } from './runs.ts';

/** {@link History} in memory. */
export class MemoryHistory implements History {
  readonly #server: MemoryServer;
  readonly #epoch: string;

  constructor(server: MemoryServer, epoch: string) {
    this.#server = server;
    this.#epoch = epoch;
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const runs = splitByDay(this.#epoch, request.messages);
    return joinRuns(runs, (run) => this.#appendRun(request, run));
  }

  #appendRun(request: AppendRequest, run: Run<AppendMessage>): Promise<AppendResult> {
    const limits = request.limits ?? DEFAULT_HISTORY_LIMITS;
    return this.#server.run((data, now) => {
      const room = liveRoom(data, this.#key(request.room), now);
      const before = room.head;
      const result = memoryAppend(room, run, {
        rememberedHead: request.rememberedHead?.startsWith(this.#epoch) ? request.rememberedHead : BEGINNING,
        routes: [...(data.routes.get(request.room) ?? [])],
        kind: historyKind(request.firstPrevious ?? UNKNOWN_PREVIOUS),
      });
      if (room.head !== before) {
        room.entries = trimmed(room.entries, limits);
        room.entriesUntil = now + limits.ageMs;
        room.headUntil = now + HEAD_KEEP_MS;
      }
      return result;
    });
  }

  async after(room: string, from: Position, max: number): Promise<HistoryPage> {
    return pageAfter(
      from,
      await this.#read(room, max, (entries) => entries.filter((entry) => entry.id > from).slice(0, max + 1)),
    );
  }

  async before(room: string, before: Position, max: number): Promise<HistoryPage> {
    const older = (entries: HistoryEntry[]): HistoryEntry[] =>
      lastOnes(
        entries.filter((entry) => entry.id < before),
        max,
      );
    return pageBefore(await this.#read(room, max, older), false);
  }

  async newest(room: string, max: number): Promise<HistoryPage> {
    return pageBefore(await this.#read(room, max, (entries) => lastOnes(entries, max)), true);
  }

  #read(room: string, max: number, select: (entries: HistoryEntry[]) => HistoryEntry[]): Promise<RawPage> {
    return this.#server.run((data, now) => {
      const { head, entries } = liveRoom(data, this.#key(room), now);
      const selected = head === BEGINNING || max === 0 ? [] : select(entries);
      return { head, entries: selected.map((e) => ({ ...e, frame: renderFrame(e.frame, e.p) })), max };
    });
  }

  head(room: string): Promise<Position> {
    return this.#server.run((data, now) => liveRoom(data, this.#key(room), now).head);
  }

  heads(rooms: readonly string[]): Promise<Position[]> {
    return Promise.all(rooms.map((room) => this.head(room)));
  }

  lastOf(room: string, inst: string): Promise<LastOf | undefined> {
    return this.#server.run((data, now) => {
      const { marks } = liveRoom(data, this.#key(room), now);
      const today = dayOf(now);
      const found = [today - 1, today, today + 1].map((day) => marks.get(day)?.get(inst));
      return found.filter((mark) => mark !== undefined).sort((a, b) => b.n - a.n)[0];
    });
  }

  #key(room: string): string {
    return `${this.#epoch}:${room}`;
  }
}

function historyKind(firstPrevious: string): AppendKind<AppendMessage> {
  return {
    present: (room, message) => room.entries.find((entry) => entry.id === message.id)?.p,
    write: (room, { id, ts, frame }) => {
      const last = room.entries.at(-1);
      if (last !== undefined && offsetOf(last.id) !== offsetOf(room.head || last.id)) room.entries = [];
      const p = room.head === BEGINNING ? firstPrevious : room.head;
      if (room.head === BEGINNING) room.entries = [];
      room.entries.push({ id, p, t: ts, frame, ...(room.head === BEGINNING && { opening: true }) });
      return p;
    },
  };
}

/** Drops the oldest entries as long as they do not fit, as append.lua does; the newest stays. */
function trimmed(entries: HistoryEntry[], limits: HistoryLimits): HistoryEntry[] {
  const oldestT = (entries.at(-1)?.t ?? 0) - limits.ageMs;
  let bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(entry.frame), 0);
  const first = entries.findIndex((entry, at) => {
    const left = entries.length - at;
    if (left === 1 || (left <= limits.count && bytes <= limits.bytes && entry.t >= oldestT)) return true;
    bytes -= Buffer.byteLength(entry.frame);
    return false;
  });
  return first < 0 ? entries : entries.slice(first);
}

function lastOnes(entries: HistoryEntry[], max: number): HistoryEntry[] {
  return entries.slice(-(max + 1));
}
