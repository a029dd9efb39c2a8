import { BEGINNING, POSITION_WIDTH, UNKNOWN_PREVIOUS, type Position } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { Connection } from '../connection/connection.ts';
import { Gathered } from '../connection/gathered.ts';
import { Script } from '../connection/script.ts';
import { LogKeys, dayOf, offsetOf, withOffset, type Keys } from '../keys.ts';
import { historyAppend } from '../lua/scripts.generated.ts';
import { joinRuns, readAppendReply } from './append-reply.ts';
import { renderFrame } from './frame.ts';
import {
  DEFAULT_HISTORY_LIMITS,
  type AppendMessage,
  type AppendRequest,
  type AppendResult,
  type History,
  type HistoryEntry,
  type HistoryPage,
  type LastOf,
} from './history.ts';
import { pageAfter, pageBefore, type RawPage } from './page.ts';
import { splitByDay, type Run } from './runs.ts';

/** A day longer than the log keeps messages (7 d): a head must not be forgotten while its message can be read again. */
export const HEAD_KEEP_MS = 8 * 86_400_000;
/** From the first write of a daily watermark key: that day, the next one, and two days by which workers may have fallen behind. */
export const WATERMARK_KEEP_MS = 4 * 86_400_000;

const APPEND = new Script(historyAppend);

/** Entry of the stream as Redis returns it: id, then field and value alternating (see append.lua). */
type StreamEntry = [id: string, fields: string[]];

/** {@link History} in Redis. */
export class RedisHistory implements History {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #keys: Keys;
  readonly #logKeys: LogKeys;
  readonly #epoch: string;
  readonly #heads: Gathered<string, Position>;

  constructor(options: { connection: Connection; clock: Clock; keys: Keys; prefix: string; epoch: string }) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#keys = options.keys;
    this.#logKeys = new LogKeys(options.prefix, options.epoch);
    this.#epoch = options.epoch;
    this.#heads = new Gathered((rooms) => this.#readHeads(rooms));
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const runs = splitByDay(this.#epoch, request.messages);
    return joinRuns(runs, (run) => this.#appendRun(request, run));
  }

  async #appendRun(request: AppendRequest, run: Run<AppendMessage>): Promise<AppendResult> {
    const { room } = request;
    const limits = request.limits ?? DEFAULT_HISTORY_LIMITS;
    const keys = [
      this.#logKeys.history(room),
      this.#logKeys.head(room),
      this.#keys.routes(room),
      ...this.#logKeys.watermarks(room, run.days),
    ];
    const args: (string | number)[] = [
      ownHead(request.rememberedHead, this.#epoch),
      request.firstPrevious ?? UNKNOWN_PREVIOUS,
      limits.count,
      limits.bytes,
      limits.ageMs,
      HEAD_KEEP_MS,
      WATERMARK_KEEP_MS,
    ];
    for (const m of run.messages) args.push(m.id, m.offset, m.inst, m.n, m.ts, m.frame);
    return readAppendReply(await APPEND.run(this.#connection, keys, args), run.messages);
  }

  async after(room: string, from: Position, max: number): Promise<HistoryPage> {
    const start = from === BEGINNING ? '-' : `(${offsetOf(from)}-1`;
    return pageAfter(from, await this.#read(room, { start, max, reverse: false }));
  }

  async before(room: string, before: Position, max: number): Promise<HistoryPage> {
    const start = before === BEGINNING ? '-' : `(${offsetOf(before)}-1`;
    return pageBefore(await this.#read(room, { start, max, reverse: true }), false);
  }

  async newest(room: string, max: number): Promise<HistoryPage> {
    return pageBefore(await this.#read(room, { start: '+', max, reverse: true }), true);
  }

  /** The head first, then the entries: what is appended in between then shows as an entry above the head. */
  async #read(room: string, range: { start: string; max: number; reverse: boolean }): Promise<RawPage> {
    const key = this.#logKeys.history(room);
    const replies = await this.#connection.run(async (client) => {
      const pipeline = client.pipeline().get(this.#logKeys.head(room));
      if (range.max > 0 && range.reverse) pipeline.xrevrange(key, range.start, '-', 'COUNT', range.max + 1);
      else if (range.max > 0) pipeline.xrange(key, range.start, '+', 'COUNT', range.max + 1);
      return valuesOf(await pipeline.exec());
    });
    const head = headOf(replies[0] as string | null);
    const stream = (replies[1] ?? []) as StreamEntry[];
    // Without a head the ids cannot be told, and nothing may be trusted.
    const entries = head === BEGINNING ? [] : stream.map((entry) => toEntry(head, entry));
    return { head, entries: range.reverse ? entries.reverse() : entries, max: range.max };
  }

  head(room: string): Promise<Position> {
    return this.#heads.ask(room);
  }

  /** One command for all where one server has them all. */
  async #readHeads(rooms: readonly string[]): Promise<Position[]> {
    const keys = rooms.map((room) => this.#logKeys.head(room));
    const stored = await this.#connection.run((client) =>
      this.#connection.cluster ? Promise.all(keys.map((key) => client.get(key))) : client.mget(...keys),
    );
    return stored.map(headOf);
  }

  async heads(rooms: readonly string[]): Promise<Position[]> {
    return Promise.all(rooms.map((room) => this.head(room)));
  }

  async lastOf(room: string, inst: string): Promise<LastOf | undefined> {
    const today = dayOf(this.#clock.now());
    const keys = this.#logKeys.watermarks(room, [today, today - 1, today + 1]);
    const marks = await this.#connection.run((client) =>
      Promise.all(keys.map((key) => client.hget(key, inst))),
    );
    return highest(marks);
  }
}

/** The head is stored with what append.lua notes for itself. */
function headOf(stored: string | null): Position {
  return stored?.slice(0, POSITION_WIDTH) ?? BEGINNING;
}

/** A head of another log says nothing about this one. */
function ownHead(head: Position | undefined, epoch: string): Position {
  return head !== undefined && head.startsWith(epoch) ? head : BEGINNING;
}

function valuesOf(results: [Error | null, unknown][] | null): unknown[] {
  return (results ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

function toEntry(head: Position, [streamId, fields]: StreamEntry): HistoryEntry {
  const offset = Number.parseInt(streamId, 10);
  const p = fields[3] as string;
  return {
    id: withOffset(head, offset),
    p,
    t: Number(fields[5]),
    frame: renderFrame(fields[1] as string, p),
    ...(fields[8] === 'o' && { opening: true as const }),
  };
}

function highest(marks: readonly (string | null)[]): LastOf | undefined {
  let best: LastOf | undefined;
  for (const mark of marks) {
    const [n = 0, offset = 0] = mark?.split(':').map(Number) ?? [];
    if (mark !== null && (best === undefined || n > best.n)) best = { n, offset };
  }
  return best;
}
