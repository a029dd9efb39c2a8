import { successor, type Position } from '@chatplatform/protocol/light';
import type {
  JoinReply,
  MessagePush,
  OperationInputs,
  PushBodies,
  ReplyBodies,
  RequestOperation,
  SyncReply,
} from '@chatplatform/protocol';
import { uniform, type Clock, type Random, type Timer } from '../clock.ts';
import type { Link, Result } from '../connection/link.ts';
import { Emitter } from '../emitter.ts';
import { ClientError, refused } from '../errors.ts';
import type { Publishing, PublishOptions } from '../outbox/publish.ts';
import type { JoinOptions, RoomClass } from './join-options.ts';
import { messageOf } from './message.ts';
import { Receipts } from './receipts.ts';
import type { RoomEvents } from './room-events.ts';
import { RoomLog } from './room-log.ts';
import { TypingNotice, TypingUsers } from './typing.ts';
import { ValueTable } from './value-table.ts';

/** What a membership needs from its client. */
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
  /** The membership is over. */
  forget(membership: Membership): void;
}

const DEFAULT_CLASSES: readonly RoomClass[] = ['msg', 'presence', 'typing'];
const UNKNOWN_ROOM = 102;
const ALREADY_JOINED = 105;
/** Milliseconds between two tries to join when the platform names no time. */
const REJOIN_MIN_MS = 500;
const REJOIN_MAX_MS = 2_000;

/** The protocol's side of a room: joined again after every loss, until it is left. */
export class Membership {
  readonly name: string;
  /** Resolves when the room has been joined for the first time; rejects when it is refused. */
  readonly ready: Promise<void>;
  readonly owner: RoomOwner;
  readonly events = new Emitter<RoomEvents>();
  readonly receipts = new Receipts();
  readonly values = new ValueTable((value) => this.#emit('value', value));
  readonly typing: TypingNotice;
  readonly #classes: readonly RoomClass[];
  readonly #limit: number | undefined;
  readonly #log: RoomLog;
  readonly #typingUsers: TypingUsers;
  readonly #timers = new Set<Timer>();
  #resolve: () => void = () => undefined;
  #reject: (error: ClientError) => void = () => undefined;
  #closed = false;
  #asked: Position | undefined;
  /** A hello asked for it. */
  #greeted = false;
  #count = 0;
  /** Messages since the connection was lost; `undefined` when nothing is to be caught up. */
  #missed: number | undefined;

  constructor(name: string, options: JoinOptions, owner: RoomOwner) {
    this.name = name;
    this.owner = owner;
    this.#classes = options.classes ?? DEFAULT_CLASSES;
    this.#limit = options.limit;
    this.#log = new RoomLog(this.#logOwner(), options.from);
    this.#typingUsers = new TypingUsers(owner.clock, (user, on) => this.#emit('typing', { user, on }));
    this.typing = new TypingNotice(owner.clock, (on) => owner.link()?.notify('typing', { room: name, on }));
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who does not wait for it hears of a refusal by `closed`.
    this.ready.catch(() => undefined);
  }

  /** Position of the last delivered message. */
  get position(): Position | undefined {
    return this.#log.position;
  }

  /** The `before` of the first page of the past: what lies before everything that was delivered. */
  get beginning(): Position | undefined {
    return this.#log.oldest ?? successor(this.#log.position ?? '');
  }

  /** Users here, as last heard. */
  get count(): number {
    return this.#count;
  }

  /** Who types now. */
  get typingUsers(): string[] {
    return this.#typingUsers.users;
  }

  /** Ends the membership. */
  leave(): void {
    if (this.#closed) return;
    this.owner.link()?.request('leave', { room: this.name }, () => undefined);
    this.close(undefined);
  }

  /** What the next `hello` asks for this room. */
  greeting(): { pos?: Position; limit?: number; classes: RoomClass[] } {
    this.#asked = this.#log.position;
    this.#greeted = true;
    return this.#request(this.#asked);
  }

  /** The answer of a `hello`; without one the room is joined anew. */
  restored(link: Link, answer: NonNullable<ReplyBodies['hello']['rooms']>[string] | undefined): void {
    if (answer === undefined) this.join(link);
    else if (!this.#greeted) this.#joinAnew(link);
    else if ('err' in answer) this.#refused(link, refused(answer.err));
    else this.#joined(answer, this.#asked);
  }

  /** Joins over this link. */
  join(link: Link): void {
    const asked = this.#log.position;
    link.request('join', { room: this.name, ...this.#request(asked) }, (result) => {
      if (this.#closed) return;
      if (result.ok) this.#joined(result.body, asked);
      else this.#refused(link, result.error);
    });
  }

  /** The connection is gone. */
  down(): void {
    this.#missed ??= 0;
    this.#typingUsers.clear();
  }

  /** A push for this room. */
  push<Name extends keyof PushBodies>(name: Name, body: PushBodies[Name]): void {
    if (!this.#closed) this.#pushes[name]?.(body);
  }

  /** Nothing more comes. */
  close(error: ClientError | undefined): void {
    if (this.#closed) return;
    this.#typingUsers.clear();
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.owner.forget(this);
    this.#reject(error ?? new ClientError('closed', `the room ${this.name} was left`));
    this.events.emit('closed', { error });
  }

  readonly #pushes: { [Name in keyof PushBodies]?: (body: PushBodies[Name]) => void } = {
    m: (body) => {
      this.#log.push(body);
      this.#reportResumed();
    },
    v: (body) => this.values.take(body),
    pr: ({ join = [], leave = [], occ }) => {
      this.#count = occ;
      this.#emit('presence', { join, leave, count: occ });
    },
    ty: ({ u, on }) => this.#typingUsers.set(u, on),
    rc: (body) => this.#watermarks(body),
    rj: ({ id, cid, code, msg }) =>
      this.#emit('rejected', { id, cid, error: refused({ code, msg, retry: false }) }),
  };

  #watermarks(body: Parameters<Receipts['take']>[0]): void {
    const risen = this.receipts.take(body);
    if (Object.keys(risen.delivered).length + Object.keys(risen.read).length > 0)
      this.#emit('receipt', risen);
  }

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

  /** What is joined there is not this membership: it began elsewhere, and its answer would leave a hole in this one. */
  #joinAnew(link: Link): void {
    link.request('leave', { room: this.name }, () => undefined);
    this.join(link);
  }

  #refused(link: Link, error: ClientError): void {
    if (error.code === 'disconnected') return;
    if (error.refusal?.code === ALREADY_JOINED) {
      // Joined by the platform itself (a personal room): a member who knows no position needs the reply of a join.
      this.#joinAnew(link);
    } else if (error.retryable) {
      const wait = error.refusal?.after ?? uniform(this.owner.random, REJOIN_MIN_MS, REJOIN_MAX_MS);
      this.#later(wait, () => {
        if (this.owner.link() === link) this.join(link);
      });
    } else {
      this.close(error);
    }
  }

  #expelled(error: ClientError): void {
    const link = this.owner.link();
    if (this.#closed) return;
    if (error.refusal?.code !== UNKNOWN_ROOM) this.close(error);
    else if (link) this.join(link);
  }

  #reportResumed(): void {
    if (this.#missed === undefined || !this.#log.caughtUp || this.owner.link() === undefined) return;
    const count = this.#missed;
    this.#missed = undefined;
    this.#emit('resumed', { count });
  }

  #logOwner(): ConstructorParameters<typeof RoomLog>[0] {
    return {
      deliver: (message: MessagePush) => this.#deliver(message),
      values: this.values,
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
    if (this.#classes.includes('receipt') && !this.#closed) this.owner.delivered(this.name, message.id);
  }

  #sync(from: Position, done: (result: Result<SyncReply>) => void): boolean {
    const link = this.owner.link();
    if (!link || this.#closed) return false;
    link.request('sync', { room: this.name, from }, (result) => {
      if (this.#closed) return;
      done(result);
      this.#reportResumed();
    });
    return true;
  }

  #later(ms: number, fn: () => void): void {
    const timer = this.owner.clock.setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms);
    this.#timers.add(timer);
  }

  #emit<Name extends keyof RoomEvents>(name: Name, event: RoomEvents[Name]): void {
    if (!this.#closed) this.events.emit(name, event);
  }
}
