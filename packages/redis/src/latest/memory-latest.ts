import { BEGINNING, UNKNOWN_PREVIOUS } from '@chatplatform/protocol';
import { joinRuns } from '../history/append-reply.ts';
import type { AppendResult } from '../history/history.ts';
import { liveRoom, memoryAppend, type AppendKind } from '../history/memory-append.ts';
import { splitByDay, type Run } from '../history/runs.ts';
import type { MemoryRoom, MemoryValue } from '../memory/data.ts';
import type { MemoryServer } from '../memory/server.ts';
import {
  DEFAULT_LATEST_LIMITS,
  type Latest,
  type LatestEntry,
  type LatestLimits,
  type LatestMessage,
  type LatestPage,
  type LatestRequest,
  type RestoreRequest,
} from './latest.ts';

function kindOf(firstPrevious: string): AppendKind<LatestMessage> {
  return {
    present: (room, { k, id }) => (room.values.get(k)?.id === id ? UNKNOWN_PREVIOUS : undefined),
    write: (room, { id, k, deleted, frame }) => {
      room.values.set(k, { id, deleted, frame });
      return room.head === BEGINNING ? firstPrevious : room.head;
    },
  };
}

/** {@link Latest} in memory. */
export class MemoryLatest implements Latest {
  readonly #server: MemoryServer;
  readonly #epoch: string;

  constructor(server: MemoryServer, epoch: string) {
    this.#server = server;
    this.#epoch = epoch;
  }

  async append(request: LatestRequest): Promise<AppendResult> {
    const runs = splitByDay(this.#epoch, request.messages);
    return joinRuns(runs, (run) => this.#appendRun(request, run));
  }

  #appendRun(request: LatestRequest, run: Run<LatestMessage>): Promise<AppendResult> {
    return this.#server.run((data, now) => {
      const room = liveRoom(data, `${this.#epoch}:${request.room}`, now);
      const result = memoryAppend(room, run, {
        rememberedHead: request.rememberedHead?.startsWith(this.#epoch) ? request.rememberedHead : BEGINNING,
        routes: [...(data.routes.get(request.room) ?? [])],
        kind: kindOf(request.firstPrevious ?? UNKNOWN_PREVIOUS),
      });
      trim(room, request.limits ?? DEFAULT_LATEST_LIMITS);
      return result;
    });
  }

  restore({ room: name, values, limits = DEFAULT_LATEST_LIMITS }: RestoreRequest): Promise<void> {
    return this.#server.run((data, now) => {
      const room = liveRoom(data, `${this.#epoch}:${name}`, now);
      for (const { id, k, deleted, frame } of values) {
        if (id > room.droppedValue && id > (room.values.get(k)?.id ?? ''))
          room.values.set(k, { id, deleted, frame });
      }
      trim(room, limits);
    });
  }

  async all(room: string): Promise<LatestPage> {
    const { values, ...at } = await this.#read(room);
    return { entries: values.filter(({ deleted }) => !deleted).map(({ entry }) => entry), ...at };
  }

  async changes(room: string, from: string): Promise<LatestPage> {
    const { values, ...at } = await this.#read(room);
    return { entries: values.map(({ entry }) => entry).filter(({ id }) => id > from), ...at };
  }

  #read(
    room: string,
  ): Promise<Omit<LatestPage, 'entries'> & { values: { entry: LatestEntry; deleted: boolean }[] }> {
    return this.#server.run((data, now) => {
      const { values, head } = liveRoom(data, `${this.#epoch}:${room}`, now);
      const all = byAge(values).map(([k, { id, frame, deleted }]) => ({ entry: { id, k, frame }, deleted }));
      const newest = all.at(-1)?.entry.id ?? BEGINNING;
      return { values: all, head: head === BEGINNING || head > newest ? head : newest, newest };
    });
  }
}

function trim(room: MemoryRoom, limits: LatestLimits): void {
  let bytes = 0;
  for (const { frame } of room.values.values()) bytes += Buffer.byteLength(frame);
  for (const [k, { id, frame }] of byAge(room.values)) {
    if (room.values.size === 1 || (room.values.size <= limits.keys && bytes <= limits.bytes)) return;
    room.values.delete(k);
    bytes -= Buffer.byteLength(frame);
    if (id > room.droppedValue) room.droppedValue = id;
  }
}

/** The value that was not written for longest first. */
function byAge(values: MemoryRoom['values']): [string, MemoryValue][] {
  return [...values].sort(([, a], [, b]) => (a.id < b.id ? -1 : 1));
}
