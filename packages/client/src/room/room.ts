import type { Position } from '@chatplatform/protocol/light';
import type { Publishing, PublishOptions } from '../outbox/publish.ts';
import type { Membership } from './membership.ts';
import { messageOf, type Message, type Value } from './message.ts';
import { ReadMark } from './read-mark.ts';
import type { Receipts } from './receipts.ts';
import type { RoomEvents } from './room-events.ts';

/** Somebody who is in a room. */
export interface Person {
  readonly user: string;
  /** Windows, phones and so on with which the user is here. */
  readonly devices: number;
  /** Since when, milliseconds since 1970. */
  readonly since: number;
  /** What the user said with `ChatClient.setInfo`. */
  readonly info?: unknown;
}

/** One page of the people in a room, in order of their names. */
export interface PresencePage {
  readonly users: Person[];
  /** All who are here. */
  readonly count: number;
  /** Pass as `after` for the next page; missing on the last one. */
  readonly next?: string;
}

/** Which part of the past. */
export interface HistoryOptions {
  /** Messages before this id; default: before the oldest delivered one. */
  readonly before?: Position;
  /** Messages per page, 1-200 (default 200). A page may be shorter: a reply has at most 256 KiB. */
  readonly max?: number;
}

/**
 * A room this client is a member of, over all reconnects, until {@link Room.leave}. Made by `ChatClient.join`.
 *
 * `Data` is what the application publishes there; what comes from others is not checked against it.
 */
export class Room<Data = unknown> {
  readonly #membership: Membership;
  readonly #read: ReadMark;

  /** @internal Made by the client's `join`. */
  constructor(membership: Membership) {
    this.#membership = membership;
    this.#read = new ReadMark((id) => membership.owner.ask('read', { r: { [membership.name]: id } }));
  }

  /** Name of the room. */
  get name(): string {
    return this.#membership.name;
  }

  /**
   * Resolves when the room has been joined for the first time; rejects with a ClientError when it is refused, or left
   * before.
   *
   * @example
   * ```ts
   * const room = client.join('team:42');
   * await room.ready;
   * console.log(`${room.count} are here`);
   * ```
   */
  get ready(): Promise<void> {
    return this.#membership.ready;
  }

  /**
   * Position of the last delivered message: where a later client may go on (`from` of `JoinOptions`). `undefined`
   * before the first join.
   */
  get position(): Position | undefined {
    return this.#membership.position;
  }

  /** How many users are here, as last heard. */
  get count(): number {
    return this.#membership.count;
  }

  /** The users who type now, without those who were not heard of for 5 s. */
  get typingUsers(): string[] {
    return this.#membership.typingUsers;
  }

  /**
   * How far the others have got and read. Kept up to date for members that joined with the class `receipt`, in rooms of
   * at most 200 members.
   *
   * @example
   * ```ts
   * const room = client.join('team:42', { classes: ['msg', 'receipt'] });
   * room.on('receipt', () => console.log('read so far, by user', room.receipts.read));
   * ```
   */
  get receipts(): Receipts {
    return this.#membership.receipts;
  }

  /** Every key of a latest-value room with its newest value, as a copy. */
  get values(): Map<string, Value<Data>> {
    return this.#membership.values.live as Map<string, Value<Data>>;
  }

  /**
   * The newest value of a key in a latest-value room; `undefined` when it has none.
   *
   * @example
   * ```ts
   * const board = client.join<{ load: number }>('board:cpu');
   * await board.ready;
   * console.log(board.get('host-1')?.data?.load, 'of', board.values.size, 'hosts');
   * ```
   */
  get(key: string): Value<Data> | undefined {
    return this.#membership.values.get(key) as Value<Data> | undefined;
  }

  /**
   * Adds a listener; the returned function removes it. Listeners that are added before the caller of `join` yields miss
   * nothing. One that throws is reported as an uncaught error and disturbs nobody else.
   *
   * @example
   * ```ts
   * const room = client.join<{ text: string }>('team:42');
   * const stop = room.on('message', ({ user, data }) => console.log(user, data.text));
   * room.on('continuity', ({ reason }) => console.log(`something is missing here: ${reason}`));
   * stop();
   * ```
   */
  on<Name extends keyof RoomEvents<Data>>(
    name: Name,
    listener: (event: RoomEvents<Data>[Name]) => void,
  ): () => void {
    return this.#membership.events.on(name, listener as (event: RoomEvents[Name]) => void);
  }

  /**
   * Publishes. The data is taken as it is now, kept, and sent again in order until the platform has answered for good:
   * the promise resolves when the message is in the log.
   *
   * @throws ClientError `refused` (not allowed, unknown room), `too-large` (more than a frame, 64 KiB), `outbox-full`
   * (1 000 wait already; retryable), `invalid` (no JSON form), `storage` (the store failed; retryable), or `closed` and
   * `ended` with the client.
   *
   * @example
   * ```ts
   * const room = client.join<{ text: string }>('team:42');
   * const publishing = room.publish({ text: 'hello' });
   * console.log('show it as on its way', publishing.cid);
   * const { id } = await publishing;
   * console.log('stored as', id);
   * ```
   */
  publish(data: Data, options: PublishOptions = {}): Publishing {
    this.#membership.typing.set(false);
    return this.#membership.owner.publish(this.name, data, options);
  }

  /**
   * Sets the value of a key in a latest-value room. Members get the newest value of each key; values in between may be
   * left out.
   *
   * @throws ClientError as {@link Room.publish}; `refused` (107) for a key that is not 1-128 characters.
   *
   * @example
   * ```ts
   * const board = client.join<{ load: number }>('board:cpu');
   * board.on('value', ({ key, data }) => console.log(key, data?.load));
   * await board.set('host-1', { load: 0.7 });
   * ```
   */
  set(key: string, data: Data): Publishing {
    return this.#setKey(key, data);
  }

  /**
   * Deletes a key of a latest-value room; members get a `value` event with `data: null`.
   *
   * @throws ClientError as {@link Room.set}.
   *
   * @example
   * ```ts
   * const board = client.join('board:cpu');
   * await board.delete('host-1');
   * ```
   */
  delete(key: string): Publishing {
    return this.#setKey(key, null);
  }

  /**
   * One page of the past, oldest message first. These messages are not delivered as events.
   *
   * @throws ClientError `refused`: no right to read the history (103), or a position of another log (112).
   *
   * @example
   * ```ts
   * const room = client.join('team:42', { limit: 10 });
   * await room.ready;
   * const { messages, more } = await room.history({ max: 50 });
   * console.log(messages.length, more ? 'and older ones' : 'that is all');
   * ```
   */
  async history(page: HistoryOptions = {}): Promise<{ messages: Message<Data>[]; more: boolean }> {
    const before = page.before ?? this.#membership.beginning;
    if (before === undefined) return { messages: [], more: false };
    const max = page.max === undefined ? {} : { max: page.max };
    const reply = await this.#membership.owner.ask('hist', { room: this.name, before, ...max });
    const messages = reply.msgs.filter((item) => 'cid' in item).map(messageOf) as Message<Data>[];
    return { messages, more: reply.more };
  }

  /**
   * The past, newest message first, fetched a page at a time while it is read.
   *
   * @throws ClientError as {@link Room.history}.
   *
   * @example
   * ```ts
   * const room = client.join<{ text: string }>('team:42');
   * await room.ready;
   * for await (const { user, data } of room.past()) {
   *   if (user === 'ann') console.log('the last thing Ann said before', data.text);
   * }
   * ```
   */
  async *past(page: HistoryOptions = {}): AsyncGenerator<Message<Data>, void, void> {
    let before = page.before;
    for (;;) {
      const { messages, more } = await this.history({ ...page, ...(before !== undefined && { before }) });
      yield* messages.toReversed();
      before = messages[0]?.id;
      if (!more || before === undefined) return;
    }
  }

  /**
   * Who is here, a page at a time in order of their names. {@link watchPresence} keeps the list.
   *
   * @throws ClientError `refused`: no right to see presence, or the platform does not offer it for this room.
   *
   * @example
   * ```ts
   * const room = client.join('team:42');
   * const { users, count, next } = await room.who({ max: 20 });
   * console.log(`${users.length} of ${count}`, next === undefined ? 'that is all' : 'there are more');
   * ```
   */
  async who(page: { after?: string; max?: number } = {}): Promise<PresencePage> {
    const { users, occ, next } = await this.#membership.owner.ask('who', { room: this.name, ...page });
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

  /**
   * Says that the user types (call it with every keystroke; it is sent at most every 3 s) or stopped. May get lost, and
   * is never retried. Publishing says that the user stopped.
   *
   * @example
   * ```ts
   * const room = client.join('team:42');
   * room.on('typing', ({ user, on }) => console.log(user, on ? 'types' : 'stopped'));
   * room.typing(true);
   * ```
   */
  typing(on: boolean): void {
    this.#membership.typing.set(on);
  }

  /**
   * Stores that the user has read everything up to this message. Resolves when it, or a later position, is stored.
   *
   * @throws ClientError `refused` where receipts are off.
   *
   * @example
   * ```ts
   * const room = client.join('team:42', { classes: ['msg', 'receipt'] });
   * room.on('message', ({ id }) => void room.read(id).catch(console.error));
   * ```
   */
  read(id: Position): Promise<void> {
    return this.#read.set(id);
  }

  /**
   * Ends the membership. Messages published before are still sent.
   *
   * @example
   * ```ts
   * const room = client.join('team:42');
   * room.on('closed', ({ error }) => console.log(error?.message ?? 'left'));
   * room.leave();
   * ```
   */
  leave(): void {
    this.#membership.leave();
  }

  #setKey(key: string, data: Data | null): Publishing {
    return this.#membership.owner.publish(this.name, data, { key });
  }
}
