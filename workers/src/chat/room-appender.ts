import type { Position } from '@chatplatform/protocol';
import {
  MAX_APPEND,
  type AppendResult,
  type AppendVerdict,
  type History,
  type HistoryLimits,
  type Latest,
  type LatestMessage,
} from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { ChatMessage } from './chat-message.ts';
import type { RoomHeads } from './room-heads.ts';

/** Frames in one append call, UTF-16 units: bounds the time one script holds Redis. */
const MAX_APPEND_CHARS = 256 * 1024;
/** Bytes of history per room: one reply and one memory budget per room, whatever the count says. */
const HISTORY_BYTES = 1024 * 1024;
const HOUR_MS = 3_600_000;

/** A message that was appended or found, with what the append said. */
export interface AppendedMessage {
  readonly message: ChatMessage;
  readonly verdict: AppendVerdict;
  /** Gateways that want it. */
  readonly routes: readonly string[];
}

interface Deps {
  readonly history: History;
  readonly latest: Latest;
  readonly heads: RoomHeads;
  readonly clock: Clock;
}

/** Where messages come from. */
export interface Origin {
  readonly partition: string;
  /** In a room without a head no message follows this position. */
  readonly beginning: Position;
}

/** Writes rooms to Redis: one call per room and chunk, chunks of a room one after the other. */
export class RoomAppender {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Applies messages of one partition, in order. `undefined`: Redis has lost earlier writes of a room. */
  async append(origin: Origin, messages: readonly ChatMessage[]): Promise<AppendedMessage[] | undefined> {
    const rooms = groupByRoom(messages);
    const results = await Promise.all(Array.from(rooms.values(), (room) => this.#appendRoom(origin, room)));
    const appended: AppendedMessage[] = [];
    for (const result of results) {
      if (result === undefined) return undefined;
      for (const entry of result) appended.push(entry);
    }
    return appended;
  }

  async #appendRoom(
    origin: Origin,
    messages: readonly ChatMessage[],
  ): Promise<AppendedMessage[] | undefined> {
    const appended: AppendedMessage[] = [];
    const limits = limitsFor(messages);
    for (const chunk of chunksOf(messages)) {
      const result = await this.#appendChunk(origin, chunk, limits);
      if (result.behind) return undefined;
      const { routes } = result;
      chunk.forEach((message, index) =>
        appended.push({ message, verdict: result.verdicts[index] as AppendVerdict, routes }),
      );
    }
    return appended;
  }

  async #appendChunk(
    { partition, beginning: firstPrevious }: Origin,
    chunk: readonly ChatMessage[],
    limits: HistoryLimits,
  ): Promise<AppendResult> {
    const { history, latest, heads, clock } = this.#deps;
    const { room, options } = chunk[0] as ChatMessage;
    const rememberedHead = heads.of(partition, room);
    const result =
      options.kind === 'latest'
        ? await latest.append({ room, messages: chunk.map(toLatest), rememberedHead, firstPrevious })
        : await history.append({
            room,
            messages: chunk,
            rememberedHead,
            firstPrevious,
            limits,
          });
    if (!result.behind) heads.remember(partition, room, { head: result.head, now: clock.monotonic() });
    return result;
  }
}

/**
 * What the history of a room keeps: as much as its options say, and besides everything of the span at hand. Until that is
 * committed it may be applied again, and what is not found then cannot be told from a duplicate.
 */
function limitsFor(messages: readonly ChatMessage[]): HistoryLimits {
  const { options, ts: first } = messages[0] as ChatMessage;
  const last = messages.at(-1)?.ts ?? first;
  return {
    count: options.historySize + messages.length,
    bytes: messages.reduce((sum, { frame }) => sum + Buffer.byteLength(frame), HISTORY_BYTES),
    ageMs: options.historyHours * HOUR_MS + Math.max(0, last - first),
  };
}

/** What a latest-value room keeps of a message. */
export function toLatest(message: ChatMessage): LatestMessage {
  const { id, offset, inst, n, ts, k = '', frame, data } = message;
  return { id, offset, inst, n, ts, k, frame, deleted: data === null };
}

/** Rooms in order of their first message, messages of a room in order. */
export function groupByRoom(messages: readonly ChatMessage[]): Map<string, ChatMessage[]> {
  const rooms = new Map<string, ChatMessage[]>();
  for (const message of messages) {
    const room = rooms.get(message.room);
    if (room === undefined) rooms.set(message.room, [message]);
    else room.push(message);
  }
  return rooms;
}

/** Pieces of which each may go into one call. */
export function* chunksOf(messages: readonly ChatMessage[]): Generator<ChatMessage[]> {
  let chunk: ChatMessage[] = [];
  let chars = 0;
  for (const message of messages) {
    if (
      chunk.length === MAX_APPEND ||
      (chunk.length > 0 && chars + message.frame.length > MAX_APPEND_CHARS)
    ) {
      yield chunk;
      chunk = [];
      chars = 0;
    }
    chunk.push(message);
    chars += message.frame.length;
  }
  if (chunk.length > 0) yield chunk;
}
