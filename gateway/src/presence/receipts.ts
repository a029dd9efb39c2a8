import type { RoomOptions } from '@chatplatform/platform';
import {
  encodePush,
  fromJson,
  Limits,
  type Json,
  type PlatformEvent,
  type Position,
  type ReceiptPush,
} from '@chatplatform/protocol';
import { RedisError, type Receipts as Store, type Watermarks } from '@chatplatform/redis';
import { Deferred, type Clock } from '@chatplatform/runtime';
import { CurrentReceipts } from './current-receipts.ts';

/** What keeping receipts needs. */
export interface ReceiptsOptions {
  clock: Clock;
  /** Rejects while the log is not known, since the watermarks belong to it. */
  store: () => Pick<Store, 'mark' | 'of'>;
  optionsOf: (room: string) => RoomOptions;
  /** Hands a line to the members on this gateway. */
  deliver: (room: string, frame: Json) => void;
  /** Hands a line to the other gateways with members. Losses are allowed: the next watermark says more. */
  send: (room: string, frame: Json) => void;
  tell: (event: PlatformEvent) => void;
  onRisen: (kind: 'delivered' | 'read') => void;
  onError: (error: unknown) => void;
}

/** Who reads a message acknowledges it at about the same time: collected, they cost one call. */
const GATHER_MS = 100;
/** Members of a room are told at most this often. */
const INTERVAL_MS = 1000;
const HOUR_MS = 3_600_000;

type Marks = Map<string, Watermarks>;

/** What waits in one room. */
interface Waiting {
  /** Watermarks of our clients, to be stored. */
  marks: Marks;
  /** Who waits until they are. */
  reads: Deferred[];
  /** To be told to the members here. */
  here: Marks;
  /** The part of it that the other gateways do not know. */
  elsewhere: Marks;
}

/**
 * Delivered and read watermarks of the members.
 *
 * Invariants: what a client was answered `{}` for is stored; a member is told of a room at most once per second,
 * however many gateways have members of it; a watermark that could not be stored is kept and stored later.
 */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #rooms = new Map<string, Waiting>();
  readonly #current: CurrentReceipts;
  #stopped = false;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
    this.#current = new CurrentReceipts(options.clock, (room) => options.store().of(room));
  }

  /** Everything up to `id` was delivered to a device of `user`. Stored within a second, or when Redis is back. */
  delivered(room: string, user: string, id: Position): void {
    if (!this.#stopped) this.#note(room, user, { delivered: id });
  }

  /** `user` read everything up to `id`. Resolves within about a second, when that is stored; rejects with `RedisError`. */
  async read(room: string, user: string, id: Position): Promise<void> {
    if (this.#stopped) throw ended();
    const waiting = this.#note(room, user, { read: id });
    if (waiting === undefined) return;
    const stored = new Deferred();
    waiting.reads.push(stored);
    await stored.promise;
  }

  /** Another gateway told what rose there. */
  arrived(room: string, frame: string): void {
    const { rc } = (fromJson(frame) ?? {}) as { rc?: ReceiptPush };
    const { here } = this.#waitingIn(room);
    for (const [user, delivered] of Object.entries(rc?.delivered ?? {})) raise(here, user, { delivered });
    for (const [user, read] of Object.entries(rc?.read ?? {})) raise(here, user, { read });
  }

  /** The watermarks of a room as a push; undefined when there are none, or they cannot be read now. */
  async current(room: string): Promise<Json | undefined> {
    if (!this.#options.optionsOf(room).receipts) return undefined;
    try {
      const marks = await this.#current.of(room);
      return marks.size === 0 ? undefined : frameOf(room, marks);
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  /** Stores and tells what waits, then stops. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#rooms].map(([room, waiting]) => this.#flush(room, waiting)));
    this.stop();
  }

  /** Forgets what waits. */
  stop(): void {
    this.#stopped = true;
    for (const { reads } of this.#rooms.values()) for (const read of reads) read.reject(ended());
    this.#rooms.clear();
  }

  /** Undefined for a user too many: a room with so many who speak keeps no watermarks. */
  #note(room: string, user: string, mark: Watermarks): Waiting | undefined {
    const waiting = this.#waitingIn(room);
    if (waiting.marks.size >= Limits.smallRoomMembers && !waiting.marks.has(user)) return undefined;
    raise(waiting.marks, user, mark);
    return waiting;
  }

  #waitingIn(room: string): Waiting {
    const known = this.#rooms.get(room);
    if (known !== undefined) return known;
    const fresh: Waiting = { marks: new Map(), reads: [], here: new Map(), elsewhere: new Map() };
    if (this.#stopped) return fresh;
    this.#rooms.set(room, fresh);
    this.#options.clock.setTimeout(() => void this.#turn(room, fresh), GATHER_MS);
    return fresh;
  }

  /** Flushes once per interval for as long as something comes; a room that stays quiet for one is forgotten. */
  async #turn(room: string, waiting: Waiting): Promise<void> {
    if (this.#stopped) return;
    if (waiting.marks.size === 0 && waiting.here.size === 0) {
      this.#rooms.delete(room);
      return;
    }
    const wait = this.#options.clock.sleep(INTERVAL_MS);
    await this.#flush(room, waiting);
    await wait;
    await this.#turn(room, waiting);
  }

  async #flush(room: string, waiting: Waiting): Promise<void> {
    await this.#storeAll(room, waiting);
    const { here, elsewhere } = waiting;
    waiting.here = new Map();
    waiting.elsewhere = new Map();
    if (here.size > 0) {
      this.#current.forget(room);
      this.#options.deliver(room, frameOf(room, here));
    }
    if (elsewhere.size > 0) this.#options.send(room, frameOf(room, elsewhere));
  }

  async #storeAll(room: string, waiting: Waiting): Promise<void> {
    const { marks, reads } = waiting;
    if (marks.size === 0) return;
    waiting.marks = new Map();
    waiting.reads = [];
    try {
      await this.#store(room, marks, waiting);
      for (const read of reads) read.resolve();
    } catch (error) {
      this.#options.onError(error);
      for (const read of reads) read.reject(error);
      // Whoever asked for a read asks again; nobody asks again for what was delivered.
      for (const [user, { delivered }] of marks) {
        if (delivered !== undefined) raise(waiting.marks, user, { delivered });
      }
    }
  }

  async #store(room: string, marks: Marks, { here, elsewhere }: Waiting): Promise<void> {
    const { clock, store, optionsOf, onRisen, tell } = this.#options;
    const rose = await store().mark({ room, marks, keepMs: optionsOf(room).historyHours * HOUR_MS });
    for (const [user, mark] of rose) {
      raise(here, user, mark);
      raise(elsewhere, user, mark);
      if (mark.delivered !== undefined) onRisen('delivered');
      if (mark.read === undefined) continue;
      onRisen('read');
      tell({ type: 'message.read', room, user, id: mark.read, at: clock.now() });
    }
  }
}

function ended(): RedisError {
  return new RedisError('closed', 'this gateway ends; say it again on the next connection');
}

function raise(marks: Marks, user: string, { delivered = '', read = '' }: Watermarks): void {
  const old = marks.get(user) ?? {};
  marks.set(user, {
    ...old,
    ...(delivered > (old.delivered ?? '') && { delivered }),
    ...(read > (old.read ?? '') && { read }),
  });
}

function frameOf(room: string, marks: ReadonlyMap<string, Watermarks>): Json {
  const delivered: [string, Position][] = [];
  const read: [string, Position][] = [];
  for (const [user, mark] of marks) {
    if (mark.delivered !== undefined) delivered.push([user, mark.delivered]);
    if (mark.read !== undefined) read.push([user, mark.read]);
  }
  return encodePush({
    rc: {
      r: room,
      ...(delivered.length > 0 && { delivered: Object.fromEntries(delivered) }),
      ...(read.length > 0 && { read: Object.fromEntries(read) }),
    },
  });
}
