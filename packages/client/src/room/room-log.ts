import { BEGINNING, gapVerdict, sameLog, type Position } from '@chatplatform/protocol/light';
import type { MessagePush, SyncReply, Unrecovered, ValuePush } from '@chatplatform/protocol';
import type { ClientError } from '../errors.ts';
import type { Result } from '../connection/link.ts';
import type { ValueTable } from './value-table.ts';

/** What a room's log needs from around it. */
export interface RoomLogOwner {
  deliver(message: MessagePush): void;
  /** Where the values of a latest-value room go. */
  readonly values: ValueTable;
  /** What lies before the next delivered message is not complete. */
  lost(reason: Unrecovered): void;
  /** Asks for what follows `from`; false when there is no connection now ({@link RoomLog.resume} comes later). */
  sync(from: Position, done: (result: Result<SyncReply>) => void): boolean;
  /** Calls back after about this many milliseconds. */
  later(ms: number, fn: () => void): void;
  /** The gateway does not know this member any more. */
  expelled(error: ClientError): void;
}

/** Milliseconds between two tries to catch up when the platform names no time. */
const RETRY_MS = 1_000;
/** Pushes that are kept while the log catches up; what is dropped beyond comes with the next catch-up. */
const HELD_MAX = 512;
const POSITION_LOST = 112;

/**
 * What has been delivered of one room, and in what order the rest may be.
 *
 * Whatever the connections bring (pushes of two sockets at once, replies that overlap, repeats), every
 * message is delivered once and in the order of the log; a hole is closed by `sync` before anything
 * behind it is delivered.
 */
export class RoomLog {
  readonly #owner: RoomLogOwner;
  #last: Position | undefined;
  #first: Position | undefined;
  #open = false;
  #behind = false;
  #syncing = false;
  #held: MessagePush[] = [];

  /** @param from - position after which to begin; `undefined`: with the newest messages */
  constructor(owner: RoomLogOwner, from: Position | undefined) {
    this.#owner = owner;
    this.#last = from;
  }

  /** Position of the last message that was delivered (or skipped over by the platform's word). */
  get position(): Position | undefined {
    return this.#last;
  }

  /** Id of the oldest message that was delivered. */
  get oldest(): Position | undefined {
    return this.#first;
  }

  /** Is everything delivered that the platform has told of? */
  get caughtUp(): boolean {
    return this.#open && !this.#behind;
  }

  /**
   * Applies the messages of a reply, as they come.
   *
   * @param asked - the position the request named; `undefined` when it asked for the newest messages
   */
  apply(reply: SyncReply, asked: Position | undefined): void {
    this.#open = true;
    if (this.#last !== undefined && !sameLog(this.#last, reply.head)) this.#last = BEGINNING;
    if (asked !== undefined && !reply.recovered) this.#owner.lost(reply.reason ?? 'expired');
    for (const item of reply.msgs) this.#take(item);
    this.#keepKeys(reply);
    if (endsAtHead(reply, asked)) this.#advance(reply.head);
    this.#behind = this.#last !== undefined && this.#last < reply.head;
    this.#release();
  }

  /** Takes a pushed message. */
  push(message: MessagePush): void {
    const verdict = this.caughtUp ? gapVerdict(this.#last, message.id, message.p) : 'gap';
    if (verdict === 'deliver') this.#deliver(message);
    if (verdict !== 'gap') return;
    if (this.#held.length < HELD_MAX) this.#held.push(message);
    this.#behind ||= this.#open;
    this.resume();
  }

  /** Closes a hole, if there is one and there is a connection. */
  resume(): void {
    const from = this.#last;
    if (!this.#behind || this.#syncing || from === undefined) return;
    this.#syncing = this.#owner.sync(from, (result) => {
      this.#syncing = false;
      if (result.ok) this.#caught(result.body, from);
      else this.#missed(result.error, from);
    });
  }

  #caught(reply: SyncReply, from: Position): void {
    // A reply about a log that another connection has left behind since.
    if (this.#last === undefined || sameLog(this.#last, from)) this.apply(reply, from);
    if (!this.#behind) return;
    // A page without progress: asking again at once would only spin.
    if (this.#last === from) this.#owner.later(RETRY_MS, () => this.resume());
    else this.resume();
  }

  #missed(error: ClientError, from: Position): void {
    // The restored connection brings its own catch-up.
    if (error.code === 'disconnected') return;
    const lost = error.refusal?.code === POSITION_LOST;
    if (lost && from !== BEGINNING) {
      this.#owner.lost('epoch');
      this.#last = BEGINNING;
      this.resume();
    } else if (lost || error.retryable) {
      this.#owner.later(error.refusal?.after ?? RETRY_MS, () => this.resume());
    } else {
      this.#owner.expelled(error);
    }
  }

  #take(item: MessagePush | ValuePush): void {
    if ('k' in item) this.#owner.values.take(item);
    else if (this.#last === undefined || item.id > this.#last) this.#deliver(item);
  }

  /** A reply of a latest-value room names every key there is. */
  #keepKeys(reply: SyncReply): void {
    const keys = reply.msgs.filter((item) => 'k' in item).map(({ k }) => k);
    if (keys.length < reply.msgs.length) return;
    if (reply.more) {
      // Not all values fitted in: a reply of their own has room for them.
      if (keys.length > 0) this.#last ??= BEGINNING;
      return;
    }
    this.#owner.values.keep(new Set(keys), reply.head);
  }

  #deliver(message: MessagePush): void {
    this.#last = message.id;
    this.#first ??= message.id;
    this.#owner.deliver(message);
  }

  #advance(head: Position): void {
    if (this.#last === undefined || head > this.#last) this.#last = head;
  }

  #release(): void {
    if (this.#behind) return;
    const held = this.#held;
    this.#held = [];
    for (const message of held) this.push(message);
  }
}

/**
 * Does nothing lie between the messages of the reply and the head? `more` means newer ones only when the
 * reply begins at a position; the newest messages end at the head, even when none of them was wanted.
 */
function endsAtHead(reply: SyncReply, asked: Position | undefined): boolean {
  const newest = asked === undefined || !reply.recovered;
  return !reply.more || (newest && reply.msgs.length === 0);
}
