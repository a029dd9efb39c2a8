import { isRoomName, Limits } from '@chatplatform/protocol/light';
import type {
  HelloReply,
  OperationInputs,
  PushBodies,
  ReplyBodies,
  RequestOperation,
} from '@chatplatform/protocol';
import type { ClientEvents, ConnectionState, DegradedPart } from './client-events.ts';
import type { Clock, Random } from './clock.ts';
import { Connections, type ConnectionsOptions } from './connection/connections.ts';
import type { Link, Result } from './connection/link.ts';
import { Emitter } from './emitter.ts';
import { ClientError, refused } from './errors.ts';
import type { OutboxStore } from './outbox/outbox-store.ts';
import { Outbox } from './outbox/outbox.ts';
import type { PendingPublish, Publishing, PublishOptions } from './outbox/publish.ts';
import { DeliveredWatermarks } from './room/delivered-watermarks.ts';
import type { JoinOptions } from './room/join-options.ts';
import { Membership, type RoomOwner } from './room/membership.ts';
import { Room } from './room/room.ts';

/** What a client is made of besides its connections. */
export interface ChatClientOptions extends ConnectionsOptions {
  /** Name and version of the application, for the platform's logs. */
  readonly sdk: string;
  /** Where unacknowledged publishes are. */
  readonly store: OutboxStore;
}

/** Bytes of a hello for rooms; the rest of the frame is for the token. Rooms beyond are joined one by one. */
const GREETING_ROOM_BYTES = Limits.frameBytes - Limits.tokenBytes - 2_048;

interface Joined {
  readonly membership: Membership;
  readonly room: Room;
}

/** A connection to the platform that outlives sockets, gateways and outages. Made by {@link connect}. */
export class ChatClient {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sdk: string;
  readonly #events = new Emitter<ClientEvents>();
  readonly #rooms = new Map<string, Joined>();
  readonly #outbox: Outbox;
  readonly #watermarks: DeliveredWatermarks;
  readonly #connections: Connections;
  readonly #waiting = new Set<(error?: ClientError) => void>();
  #state: ConnectionState = 'connecting';
  #user: string | undefined;
  #gateway: string | undefined;
  #degraded: DegradedPart[] = [];
  #info: unknown;
  #ended: ClientError | undefined;

  /** @internal Made by {@link connect}. */
  constructor(options: ChatClientOptions) {
    const { clock, random, store } = options;
    this.#clock = clock;
    this.#random = random;
    this.#sdk = options.sdk;
    this.#outbox = new Outbox({
      store,
      clock,
      random,
      onSettled: (settled) => this.#events.emit('settled', settled),
    });
    this.#watermarks = new DeliveredWatermarks(clock, (r) => this.#connections.current?.notify('ack', { r }));
    this.#connections = new Connections(options, {
      greeting: () => this.#greeting(),
      onReady: (link, reply) => this.#restore(link, reply),
      onStay: (link) => this.#outbox.attach(link),
      onPush: (_link, name, body) => this.#push(name, body),
      onDown: (retryIn, reason) => this.#down(retryIn, reason),
      onTrouble: (error) => this.#events.emit('error', error),
      onEnded: (error) => this.#end(error),
    });
    this.#connections.start();
  }

  /** How the connection is. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Who the platform says this is; `undefined` before the first connection. The personal room is `@<user>`. */
  get user(): string | undefined {
    return this.#user;
  }

  /** The gateway that serves the connection; `undefined` before the first connection. */
  get gateway(): string | undefined {
    return this.#gateway;
  }

  /** Parts of the platform that do not work now. */
  get degraded(): readonly DegradedPart[] {
    return this.#degraded;
  }

  /** How many publishes are not acknowledged yet; at most 1 000. */
  get pending(): number {
    return this.#outbox.size;
  }

  /**
   * The publishes that are not acknowledged yet, in each room in order: what to show as "on its way" after a reload of
   * the page.
   *
   * @example
   * ```ts
   * for (const { room, cid, data } of client.outbox) console.log('on its way to', room, cid, data);
   * ```
   */
  get outbox(): PendingPublish[] {
    return this.#outbox.pending;
  }

  /**
   * Adds a listener; the returned function removes it.
   *
   * @example
   * ```ts
   * client.on('state', ({ state, retryIn }) => console.log(state, retryIn));
   * client.on('degraded', ({ parts }) => console.log(parts.length === 0 ? 'all works' : `trouble: ${parts.join()}`));
   * client.on('error', (error) => console.log(error.code, error.message));
   * ```
   */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Resolves when there is a connection.
   *
   * @throws ClientError when there will be none any more: `ended`, `refused`, `token` or `closed`.
   *
   * @example
   * ```ts
   * await client.connected();
   * console.log(`${client.user} is served by ${client.gateway}`);
   * ```
   */
  async connected(): Promise<void> {
    while (this.#state !== 'connected') await this.#changed();
  }

  /**
   * Joins a room; it is joined as soon as there is a connection, and again after every loss. Listeners that are
   * added before the caller yields miss nothing. A room that was joined already is returned as it is, whatever the
   * options.
   *
   * `Data` is what the application publishes there; what comes from others is not checked against it.
   *
   * @throws ClientError `invalid` for a name that is none. Whether it may be joined says `Room.ready`.
   *
   * @example
   * ```ts
   * const room = client.join<{ text: string }>('team:42', { limit: 20 });
   * room.on('message', ({ user, data }) => console.log(`${user}: ${data.text}`));
   * await room.ready;
   * ```
   */
  join<Data = unknown>(name: string, options: JoinOptions = {}): Room<Data> {
    const known = this.#rooms.get(name);
    if (known) return known.room as Room<Data>;
    if (!isRoomName(name)) {
      throw new ClientError('invalid', `"${name}" is no room name: use 1-128 characters of [A-Za-z0-9_.:@-]`);
    }
    const membership = new Membership(name, options, this.#roomOwner());
    const room = new Room<Data>(membership);
    this.#rooms.set(name, { membership, room });
    const link = this.#connections.current;
    if (this.#ended) membership.close(this.#ended);
    else if (link) membership.join(link);
    return room;
  }

  /**
   * Publishes to a room that need not be joined, such as `@bob`, the personal room of another user.
   *
   * @throws ClientError as `Room.publish`.
   *
   * @example
   * ```ts
   * await client.publish('@bob', { text: 'Lunch?' }, { notify: ['bob'] });
   * ```
   */
  publish(room: string, data: unknown, options: PublishOptions = {}): Publishing {
    return this.#outbox.publish(room, data, options);
  }

  /**
   * Sets what others see of this user in `who` (a status text), at most 512 bytes of JSON; set again by itself in a new
   * session.
   *
   * @throws ClientError `refused` when it is too large.
   *
   * @example
   * ```ts
   * await client.setInfo({ status: 'in a meeting' });
   * ```
   */
  async setInfo(info: unknown): Promise<void> {
    this.#info = info;
    await this.#ask('set', { info });
  }

  /**
   * Connects now instead of after the wait, at most once per 10 s. Browsers do it by themselves when the network is back.
   *
   * @example
   * ```ts
   * client.wake();
   * ```
   */
  wake(): void {
    this.#connections.wake();
  }

  /**
   * Ends the connection for good. What was not acknowledged is rejected with `closed`; an outbox that outlives the page
   * keeps it for the next client.
   *
   * @example
   * ```ts
   * client.close();
   * console.log(client.state);
   * ```
   */
  close(): void {
    if (this.#ended) return;
    this.#connections.close('closed by the application');
    this.#end(new ClientError('closed', 'the client was closed'));
  }

  #greeting(): Omit<OperationInputs['hello'], 'token' | 'resume'> {
    // From this hello on the gateway may refuse publishes on the old socket: what is under way there goes out again on the new one.
    this.#outbox.detach();
    const rooms: NonNullable<OperationInputs['hello']['rooms']> = {};
    let bytes = 0;
    for (const [name, { membership }] of this.#rooms) {
      const body = membership.greeting();
      bytes += JSON.stringify(body).length + name.length + 4;
      // What does not fit is joined by itself afterwards.
      if (bytes > GREETING_ROOM_BYTES || Object.keys(rooms).length === Limits.roomsPerConnection) break;
      rooms[name] = body;
    }
    return { inst: this.#outbox.inst, rooms, caps: ['mbb'], sdk: this.#sdk };
  }

  #restore(link: Link, reply: HelloReply): void {
    if (!this.#outbox.belongsTo(reply.user)) {
      this.#abandon(reply.user);
      return;
    }
    const moved = this.#state === 'connected';
    this.#user = reply.user;
    this.#gateway = reply.gateway;
    // A session that was not kept knows nothing of it any more.
    if (!reply.resumed && this.#info !== undefined)
      link.request('set', { info: this.#info }, () => undefined);
    for (const name of Object.keys(reply.rooms ?? {})) {
      // Left while the hello was under way.
      if (!this.#rooms.has(name)) link.request('leave', { room: name }, () => undefined);
    }
    // A listener may join further rooms meanwhile; those ask for themselves.
    for (const [name, { membership }] of Array.from(this.#rooms))
      membership.restored(link, reply.rooms?.[name]);
    this.#outbox.attach(link, reply.limits.frameBytes);
    this.#watermarks.repeat();
    this.#announce(moved, reply.gateway);
  }

  #announce(moved: boolean, gateway: string): void {
    if (!moved) {
      this.#become('connected', { gateway });
      return;
    }
    // Between the end of the old socket and this moment there was none to ask over.
    for (const wake of this.#waiting) wake();
    this.#events.emit('moved', { gateway });
  }

  #abandon(user: string): void {
    const text = `the outbox holds messages of another user than ${user}; open one outbox per user, with a name of its own`;
    this.#connections.close('the outbox belongs to another user');
    this.#end(new ClientError('storage', text));
  }

  #push<Name extends keyof PushBodies>(name: Name, body: PushBodies[Name]): void {
    if (name === 'drain') {
      const { reason, deadline } = body as PushBodies['drain'];
      this.#events.emit('draining', { reason, deadline });
    } else if (name === 'degraded') {
      this.#degraded = (body as PushBodies['degraded']).parts;
      this.#events.emit('degraded', { parts: this.#degraded });
    } else if ('r' in body) {
      this.#rooms.get(body.r)?.membership.push(name, body);
      if (name === 'rj') this.#rejected(body as PushBodies['rj']);
    }
  }

  #rejected({ r, id, cid, code, msg }: PushBodies['rj']): void {
    this.#events.emit('rejected', { room: r, id, cid, error: refused({ code, msg, retry: false }) });
  }

  #down(retryIn: number | undefined, reason: string): void {
    this.#outbox.detach();
    for (const { membership } of this.#rooms.values()) membership.down();
    this.#degraded = [];
    const state = this.#state === 'connecting' ? 'connecting' : 'reconnecting';
    this.#become(state, { reason, ...(retryIn !== undefined && { retryIn }) });
  }

  #end(error: ClientError): void {
    this.#ended = error;
    this.#watermarks.close();
    this.#outbox.close(error);
    for (const { membership } of this.#rooms.values()) membership.close(error);
    if (error.code !== 'closed') this.#events.emit('error', error);
    this.#become('closed', { reason: error.message });
  }

  #become(state: ConnectionState, details: Omit<ClientEvents['state'], 'state' | 'previous'>): void {
    const previous = this.#state;
    this.#state = state;
    for (const wake of this.#waiting) wake(this.#ended);
    this.#events.emit('state', { state, previous, ...details });
  }

  /** Resolves with the next change of the state; rejects with the error that ended the client. */
  #changed(): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (error?: ClientError): void => {
        this.#waiting.delete(wake);
        if (error) reject(error);
        else resolve();
      };
      if (this.#ended) reject(this.#ended);
      else this.#waiting.add(wake);
    });
  }

  async #ask<Op extends RequestOperation>(op: Op, body: OperationInputs[Op]): Promise<ReplyBodies[Op]> {
    for (;;) {
      await this.connected();
      const link = this.#connections.current;
      const result = link ? await requestOver(link, op, body) : undefined;
      if (result?.ok) return result.body;
      if (result && result.error.code !== 'disconnected') throw result.error;
      if (!link) await this.#changed();
    }
  }

  #roomOwner(): RoomOwner {
    return {
      clock: this.#clock,
      random: this.#random,
      link: () => this.#connections.current,
      ask: (op, body) => this.#ask(op, body),
      publish: (room, data, options) => this.#outbox.publish(room, data, options),
      delivered: (room, id) => this.#watermarks.note(room, id),
      forget: (membership) => {
        if (this.#rooms.get(membership.name)?.membership !== membership) return;
        this.#rooms.delete(membership.name);
        this.#watermarks.forget(membership.name);
      },
    };
  }
}

function requestOver<Op extends RequestOperation>(
  link: Link,
  op: Op,
  body: OperationInputs[Op],
): Promise<Result<ReplyBodies[Op]>> {
  return new Promise((resolve) => {
    link.request(op, body, resolve);
  });
}
