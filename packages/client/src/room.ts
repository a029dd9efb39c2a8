import { successor, type Position } from '@chatplatform/protocol/light';
import type {
  JoinReply,
  MessagePush,
  OperationInputs,
  PushBodies,
  ReplyBodies,
  RequestOperation,
  RoomClass,
  SyncReply,
  Unrecovered,
  ValuePush,
} from '@chatplatform/protocol';
import { uniform, type Clock, type Random, type Timer } from './clock.ts';
import { Emitter } from './emitter.ts';
import { ClientError, refused } from './errors.ts';
import type { PublishOptions } from './lane.ts';
import type { Link, Result } from './link.ts';
import { messageOf, valueOf, type Message, type Value } from './message.ts';
import type { Publishing } from './outbox.ts';
import { RoomLog } from './room-log.ts';
import { TypingNotice, TypingUsers } from './typing.ts';

/** How to join a room. */
export interface JoinOptions {
  /** Begin after this position (an id of a message, or `''` for all of the history). Without it: with the newest messages. */
  readonly from?: Position;
  /** How many of the newest messages to begin with, 0-200; the platform's choice when left out. */
  readonly limit?: number;
  /** What to be told of. Default: messages, presence and typing. */
  readonly classes?: readonly RoomClass[];
}

/** Events of a room. */
export interface RoomEvents {
  /** A message: each once, in the order of the room. The sender gets it too. */
  message: Message;
  /** The value of a key changed (latest-value rooms). */
  value: Value;
  /** Who came, who went, how many are here. */
  presence: { join: string[]; leave: string[]; count: number };
  /** Somebody began or stopped typing. */
  typing: { user: string; on: boolean };
  /** Watermarks by user: everything up to this id was delivered, or read. */
  receipt: { delivered: Record<string, Position>; read: Record<string, Position> };
  /** What lies before the next message is not complete: the platform could not say what was missed. */
  continuity: { recovered: false; reason: Unrecovered };
  /** The connection was lost, and everything missed since has been delivered: so many messages. */
  resumed: { count: number };
  /** A message of this client was acknowledged, and then refused by a rule; nobody else sees it. */
  rejected: { id: Position; cid: string; error: ClientError };
  /** The room is over for this client: left, or not allowed. */
  closed: { error: ClientError | undefined };
}

/** One page of the people in a room. */
export interface PresencePage {
  readonly users: {
    readonly user: string;
    readonly devices: number;
    readonly since: number;
    readonly info?: unknown;
  }[];
  /** All who are here. */
  readonly count: number;
  /** Pass as `after` for the next page; missing on the last one. */
  readonly next?: string;
}

/** What a room needs from its client. */
export interface RoomOwner {
  readonly clock: Clock;
  readonly random: Random;
  /** The connection requests go over now. */
  link(): Link | undefined;
  /** Asks until there is an answer; over reconnects, so only for what may be asked twice. */
  ask<Op extends RequestOperation>(op: Op, body: OperationInputs[Op]): Promise<ReplyBodies[Op]>;
  publish(room: string, data: unknown, options: PublishOptions): Publishing;
  /** A message was delivered to a member that wants receipts. */
  delivered(room: string, id: Position): void;
  /** The room is over. */
  forget(room: Room): void;
}

const DEFAULT_CLASSES: readonly RoomClass[] = ['msg', 'presence', 'typing'];
const UNKNOWN_ROOM = 102;
const ALREADY_JOINED = 105;
/** Milliseconds between two tries to join when the platform names no time. */
const REJOIN_MIN_MS = 500;
const REJOIN_MAX_MS = 2_000;

/** A room this client is a member of, over all reconnects, until {@link Room.leave}. */
export class Room {
  readonly name: string;
  /** Resolves when the room has been joined for the first time; rejects when it is refused. */
  readonly ready: Promise<void>;
  readonly #owner: RoomOwner;
  readonly #classes: readonly RoomClass[];
  readonly #limit: number | undefined;
  readonly #events = new Emitter<RoomEvents>();
  readonly #log: RoomLog;
  readonly #typingUsers: TypingUsers;
  readonly #typing: TypingNotice;
  readonly #timers = new Set<Timer>();
  #resolve: () => void = () => undefined;
  #reject: (error: ClientError) => void = () => undefined;
  #closed = false;
  #asked: Position | undefined;
  #count = 0;
  /** Messages since the connection was lost; `undefined` when nothing is to be caught up. */
  #missed: number | undefined;

  /** Made by the client's `join`. */
  constructor(name: string, options: JoinOptions, owner: RoomOwner) {
    this.name = name;
    this.#owner = owner;
    this.#classes = options.classes ?? DEFAULT_CLASSES;
    this.#limit = options.limit;
    this.#log = new RoomLog(this.#logOwner(), options.from);
    this.#typingUsers = new TypingUsers(owner.clock, (user, on) => this.#emit('typing', { user, on }));
    this.#typing = new TypingNotice(owner.clock, (on) => owner.link()?.notify('typing', { room: name, on }));
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who does not wait for it hears of a refusal by `closed`.
    this.ready.catch(() => undefined);
  }

  /** Position of the last delivered message: where a later client may go on ({@link JoinOptions.from}). */
  get position(): Position | undefined {
    return this.#log.position;
  }

  /** How many users are here, as last heard. */
  get count(): number {
    return this.#count;
  }

  /** The users who type now, without those who were not heard of for 5 s. */
  get typingUsers(): string[] {
    return this.#typingUsers.users;
  }

  /** Adds a listener; the returned function removes it. */
  on<Name extends keyof RoomEvents>(name: Name, listener: (event: RoomEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Publishes. Kept, and sent again in order, until the platform has answered for good.
   *
   * @throws ClientError `refused`, `too-large`, `outbox-full`, `invalid`, or `closed`/`ended` with the client.
   */
  publish(data: unknown, options: PublishOptions = {}): Publishing {
    this.#typing.set(false);
    return this.#owner.publish(this.name, data, options);
  }

  /** Messages before `before` (default: before the oldest delivered one), oldest first. They are not delivered as events. */
  async history(
    page: { before?: Position; max?: number } = {},
  ): Promise<{ messages: Message[]; more: boolean }> {
    const before = page.before ?? this.#log.oldest ?? successor(this.#log.position ?? '');
    if (before === undefined) return { messages: [], more: false };
    const max = page.max === undefined ? {} : { max: page.max };
    const reply = await this.#owner.ask('hist', { room: this.name, before, ...max });
    return { messages: reply.msgs.filter((item) => 'cid' in item).map(messageOf), more: reply.more };
  }

  /** Who is here, a page at a time. */
  async who(page: { after?: string; max?: number } = {}): Promise<PresencePage> {
    const { users, occ, next } = await this.#owner.ask('who', { room: this.name, ...page });
    return {
      users: users.map(({ u, dev, since, info }) => ({
        user: u,
        devices: dev,
        since,
        ...(info !== undefined && { info }),
      })),
      count: occ,
      ...(next !== undefined && { next }),
    };
  }

  /** Says that the user types (call it with every keystroke) or stopped. May get lost; never retried. */
  typing(on: boolean): void {
    this.#typing.set(on);
  }

  /** Stores that everything up to this message was read. */
  async read(id: Position): Promise<void> {
    await this.#owner.ask('read', { r: { [this.name]: id } });
  }

  /** Ends the membership. Messages published before are still sent. */
  leave(): void {
    if (this.#closed) return;
    this.#owner.link()?.request('leave', { room: this.name }, () => undefined);
    this.close(undefined);
  }

  /** For the client: what the next `hello` asks for this room. */
  greeting(): { pos?: Position; limit?: number; classes: RoomClass[] } {
    this.#asked = this.#log.position;
    return this.#request(this.#asked);
  }

  /** For the client: the answer of a `hello`; without one the room is joined anew. */
  restored(link: Link, answer: NonNullable<ReplyBodies['hello']['rooms']>[string] | undefined): void {
    if (answer === undefined) this.join(link);
    else if ('err' in answer) this.#refused(link, refused(answer.err));
    else this.#joined(answer, this.#asked);
  }

  /** For the client: joins over this link. */
  join(link: Link): void {
    const asked = this.#log.position;
    link.request('join', { room: this.name, ...this.#request(asked) }, (result) => {
      if (this.#closed) return;
      if (result.ok) this.#joined(result.body, asked);
      else this.#refused(link, result.error);
    });
  }

  /** For the client: the connection is gone. */
  down(): void {
    this.#missed ??= 0;
    this.#typingUsers.clear();
  }

  /** For the client: a push for this room. */
  push<Name extends keyof PushBodies>(name: Name, body: PushBodies[Name]): void {
    if (!this.#closed) this.#pushes[name]?.(body);
  }

  /** For the client: nothing more comes. */
  close(error: ClientError | undefined): void {
    if (this.#closed) return;
    this.#typingUsers.clear();
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#owner.forget(this);
    this.#reject(error ?? new ClientError('closed', `the room ${this.name} was left`));
    this.#events.emit('closed', { error });
  }

  readonly #pushes: { [Name in keyof PushBodies]?: (body: PushBodies[Name]) => void } = {
    m: (body) => {
      this.#log.push(body);
      this.#reportResumed();
    },
    v: (body) => this.#log.pushValue(body),
    pr: ({ join = [], leave = [], occ }) => {
      this.#count = occ;
      this.#emit('presence', { join, leave, count: occ });
    },
    ty: ({ u, on }) => this.#typingUsers.set(u, on),
    rc: ({ delivered = {}, read = {} }) => this.#emit('receipt', { delivered, read }),
    rj: ({ id, cid, code, msg }) =>
      this.#emit('rejected', { id, cid, error: refused({ code, msg, retry: false }) }),
  };

  #request(pos: Position | undefined): { pos?: Position; limit?: number; classes: RoomClass[] } {
    // The limit is about how much of the past to begin with; what was missed since a position is wanted whole.
    return {
      ...(pos !== undefined && { pos }),
      ...(pos === undefined && this.#limit !== undefined && { limit: this.#limit }),
      classes: [...this.#classes],
    };
  }

  #joined(reply: JoinReply, asked: Position | undefined): void {
    if (this.#closed) return;
    this.#count = reply.occ;
    this.#emit('presence', { join: [], leave: [], count: reply.occ });
    this.#resolve();
    this.#log.apply(reply, asked);
    this.#log.resume();
    this.#reportResumed();
  }

  #refused(link: Link, error: ClientError): void {
    if (error.code === 'disconnected') return;
    if (error.refusal?.code === ALREADY_JOINED) {
      // Joined by the platform itself (a personal room): a member who knows no position needs the reply of a join.
      link.request('leave', { room: this.name }, () => undefined);
      this.join(link);
    } else if (error.retryable) {
      const wait = error.refusal?.after ?? uniform(this.#owner.random, REJOIN_MIN_MS, REJOIN_MAX_MS);
      this.#later(wait, () => {
        if (this.#owner.link() === link) this.join(link);
      });
    } else {
      this.close(error);
    }
  }

  #expelled(error: ClientError): void {
    const link = this.#owner.link();
    if (this.#closed) return;
    if (error.refusal?.code !== UNKNOWN_ROOM) this.close(error);
    else if (link) this.join(link);
  }

  #reportResumed(): void {
    if (this.#missed === undefined || !this.#log.caughtUp || this.#owner.link() === undefined) return;
    const count = this.#missed;
    this.#missed = undefined;
    this.#emit('resumed', { count });
  }

  #logOwner(): ConstructorParameters<typeof RoomLog>[0] {
    return {
      deliver: (message: MessagePush) => this.#deliver(message),
      deliverValue: (value: ValuePush) => this.#emit('value', valueOf(value)),
      lost: (reason) => this.#emit('continuity', { recovered: false, reason }),
      sync: (from, done) => this.#sync(from, done),
      later: (ms, fn) => this.#later(ms, fn),
      expelled: (error) => this.#expelled(error),
    };
  }

  #deliver(message: MessagePush): void {
    if (this.#missed !== undefined) this.#missed += 1;
    this.#typingUsers.set(message.u, false);
    this.#emit('message', messageOf(message));
    if (this.#classes.includes('receipt') && !this.#closed) this.#owner.delivered(this.name, message.id);
  }

  #sync(from: Position, done: (result: Result<SyncReply>) => void): boolean {
    const link = this.#owner.link();
    if (!link || this.#closed) return false;
    link.request('sync', { room: this.name, from }, (result) => {
      if (this.#closed) return;
      done(result);
      this.#reportResumed();
    });
    return true;
  }

  #later(ms: number, fn: () => void): void {
    const timer = this.#owner.clock.setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms);
    this.#timers.add(timer);
  }

  #emit<Name extends keyof RoomEvents>(name: Name, event: RoomEvents[Name]): void {
    if (!this.#closed) this.#events.emit(name, event);
  }
}
