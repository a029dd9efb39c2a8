import type { Position } from '@chatplatform/protocol';

/** One record of the log on its way into a room's history. */
export interface AppendMessage {
  /** Message id; its offset part equals {@link AppendMessage.offset}. */
  readonly id: Position;
  /** Kafka offset. Messages of one call must be in ascending order of it. */
  readonly offset: number;
  /** First part of the `cid`: the client instance that published. */
  readonly inst: string;
  /** Second part of the `cid`: rises per instance and room. */
  readonly n: number;
  /** LogAppendTime, milliseconds since 1970. Decides the day of the duplicate watermark. */
  readonly ts: number;
  /** The final line for clients, made with `p` = `"?"`; see `renderFrame`. */
  readonly frame: string;
}

/**
 * What happened to one message.
 *
 * - `appended`: new; fan out.
 * - `present`: it is in the history since an earlier call (re-processing); fan out again, clients drop it by id.
 * - `duplicate`: an earlier message of the same instance has this `n`; nothing was written, do not fan out.
 * - `decided`: at or below the room's head and not in the history: an earlier call decided it (trimmed,
 *   duplicate, refused); nothing was written, do not fan out, never an error.
 */
export type Verdict = 'appended' | 'present' | 'duplicate' | 'decided';

/** The verdict on one message of an append, in the order given. */
export interface AppendVerdict {
  readonly id: Position;
  /** Id of the room's previous message, a position that only bounds it, or `"?"` when unknown. Meaningful for `appended` and `present`, `"?"` otherwise. */
  readonly p: string;
  readonly verdict: Verdict;
}

/** How much of a room is kept. */
export interface HistoryLimits {
  /** Messages. */
  readonly count: number;
  /** Bytes of frames (UTF-8). The newest message is always kept. */
  readonly bytes: number;
  /** Milliseconds, measured against the newest message; a silent room goes as a whole after this time. */
  readonly ageMs: number;
}

/** 1 000 messages, 1 MiB, 24 h: what a namespace gets that says nothing. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = { count: 1000, bytes: 1_048_576, ageMs: 86_400_000 };

/** One atomic append to one room. */
export interface AppendRequest {
  readonly room: string;
  /** At most {@link MAX_APPEND}, ascending by offset. May be empty: asks for the head and the routes. */
  readonly messages: readonly AppendMessage[];
  /**
   * The head this worker last saw for the room. When Redis has lost it (the room's head is lower or gone),
   * nothing is written and the reply is `behind`: the log must be read again from further back.
   */
  readonly rememberedHead?: Position | undefined;
  /**
   * `p` of the first message of a room without a head: `"?"` (default) says "unknown", a position says that nothing
   * follows it before this message, `BEGINNING` that nothing was before at all. Pass one only where the keyspace is known
   * to hold everything behind it (`Keyspace.horizonOf`).
   */
  readonly firstPrevious?: string | undefined;
  readonly limits?: HistoryLimits | undefined;
}

/** Reply when the append took place (possibly with nothing new). */
export interface AppendDone {
  readonly behind: false;
  readonly verdicts: AppendVerdict[];
  /** The room's head afterwards: remember it, and give it with the next call. */
  readonly head: Position;
  /** Incarnations of the gateways that want this room's messages. */
  readonly routes: string[];
}

/** Reply when Redis is behind the remembered head; nothing was written. */
export interface AppendBehind {
  readonly behind: true;
  /** The head Redis has, `BEGINNING` when it has none. */
  readonly head: Position;
}

/** Reply of {@link History.append}. */
export type AppendResult = AppendDone | AppendBehind;

/** Bound of one append call: keeps one script run well below a millisecond of Redis time per 100 messages. */
export const MAX_APPEND = 100;

/** A message in the history. */
export interface HistoryEntry {
  readonly id: Position;
  /** Id of the room's previous message, a position behind which there was none (`BEGINNING`: at all), or `"?"`. */
  readonly p: string;
  /** LogAppendTime in milliseconds. */
  readonly t: number;
  /** The final line, `p` filled in. */
  readonly frame: string;
  /** There was no head when it was appended: `p` is `firstPrevious`, which holds if nothing was lost just before. */
  readonly opening?: true;
}

/** A piece of a room's history. */
export interface HistoryPage {
  /** Ascending. */
  readonly entries: HistoryEntry[];
  /** `after`: newer ones remain. `before`, `newest`: older ones are kept. */
  readonly more: boolean;
  /** The room's head, `BEGINNING` when Redis knows none. */
  readonly head: Position;
  /**
   * True when the page cannot be trusted to be complete: what follows `from` is no longer (or not) kept, the
   * chain of `p` is broken, `from` is of another epoch, or the room's head is gone. Never a silent hole.
   */
  readonly lost: boolean;
}

/** The newest known number of a client instance in a room. */
export interface LastOf {
  readonly n: number;
  /** Offset of the message with that `n`. */
  readonly offset: number;
}

/** Ordered history of rooms, in one log. Written by workers alone, read by gateways. */
export interface History {
  /** Applies records of the log to one room, in one atomic step. Repeating a call changes nothing. */
  append(request: AppendRequest): Promise<AppendResult>;
  /** The first `max` (at least 1) messages after `from` (`BEGINNING`: from the first ever). `from` at or above the head: none. */
  after(room: string, from: Position, max: number): Promise<HistoryPage>;
  /** The last `max` (at least 1) messages before `before`. */
  before(room: string, before: Position, max: number): Promise<HistoryPage>;
  /** The last `max` messages (0 allowed: head only). */
  newest(room: string, max: number): Promise<HistoryPage>;
  /** The id of the room's last message, `BEGINNING` when Redis knows none. */
  head(room: string): Promise<Position>;
  /** {@link History.head} of many rooms, in the order given. */
  heads(rooms: readonly string[]): Promise<Position[]>;
  /** Duplicate lookup for a resend: the highest `n` of `inst` in the room in the last 24 h at least, as far as workers have come. */
  lastOf(room: string, inst: string): Promise<LastOf | undefined>;
}
