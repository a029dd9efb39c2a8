import { isRoomName, Limits, type Position } from '@chatplatform/protocol/light';
import type {
  DegradedPart,
  HelloReply,
  OperationInputs,
  PushBodies,
  ReplyBodies,
  RequestOperation,
} from '@chatplatform/protocol';
import type { Clock, Random } from './clock.ts';
import { Connections, type ConnectionsOptions } from './connections.ts';
import { Emitter } from './emitter.ts';
import { ClientError } from './errors.ts';
import type { PublishOptions } from './lane.ts';
import type { Link, Result } from './link.ts';
import { Outbox, type Publishing } from './outbox.ts';
import { DeliveredWatermarks } from './receipts.ts';
import { Room, type JoinOptions } from './room.ts';

/** `connecting` only before the first connection; `closed` is final. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** Events of a client. */
export interface ClientEvents {
  /** The connection changed. `retryIn`: milliseconds until the next try. `gateway`: who serves it now. */
  state: {
    state: ConnectionState;
    previous: ConnectionState;
    reason?: string;
    retryIn?: number;
    gateway?: string;
  };
  /** The gateway is about to stop; the client moves by itself. */
  draining: { reason: string; deadline: number };
  /** The connection moved to another gateway without a break. */
  moved: { gateway: string };
  /** Parts of the platform that do not work now; empty when all do. */
  degraded: { parts: DegradedPart[] };
  /** Something failed. `retryable`: the client goes on by itself; otherwise it has closed. */
  error: ClientError;
}

/** What a client is made of besides its connections. */
export interface ChatClientOptions extends ConnectionsOptions {
  /** Name and version of the application, for the platform's logs. */
  readonly sdk: string;
}

/** Characters of an instance id: 124 bits, never met twice. */
const INSTANCE_LENGTH = 24;
/** Bytes of a hello for rooms; the rest of the frame is for the token. Rooms beyond are joined one by one. */
const GREETING_ROOM_BYTES = Limits.frameBytes - Limits.tokenBytes - 2_048;

/** A connection to the platform that outlives sockets, gateways and outages. Made by `connect`. */
export class ChatClient {
  readonly #inst: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sdk: string;
  readonly #events = new Emitter<ClientEvents>();
  readonly #rooms = new Map<string, Room>();
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

  constructor(options: ChatClientOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#sdk = options.sdk;
    this.#inst = options.random.id(INSTANCE_LENGTH);
    this.#outbox = new Outbox(this.#inst, options.clock, options.random);
    this.#watermarks = new DeliveredWatermarks(options.clock, (r) =>
      this.#connections.current?.notify('ack', { r }),
    );
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

  get state(): ConnectionState {
    return this.#state;
  }

  /** Who the platform says this is; `undefined` before the first connection. */
  get user(): string | undefined {
    return this.#user;
  }

  /** The gateway that serves the connection. */
  get gateway(): string | undefined {
    return this.#gateway;
  }

  /** Parts of the platform that do not work now. */
  get degraded(): readonly DegradedPart[] {
    return this.#degraded;
  }

  /** Publishes that are not acknowledged yet. */
  get pending(): number {
    return this.#outbox.size;
  }

  /** Adds a listener; the returned function removes it. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Resolves when there is a connection; rejects when there will be none any more. */
  async connected(): Promise<void> {
    while (this.#state !== 'connected') await this.#changed();
  }

  /**
   * Joins a room; it is joined as soon as there is a connection, and again after every loss. Listeners that are
   * added before the caller yields miss nothing. A room that was joined already is returned as it is.
   *
   * @throws ClientError `invalid` for a name that is none.
   */
  join(name: string, options: JoinOptions = {}): Room {
    const known = this.#rooms.get(name);
    if (known) return known;
    if (!isRoomName(name)) {
      throw new ClientError('invalid', `"${name}" is no room name: use 1-128 characters of [A-Za-z0-9_.:@-]`);
    }
    const room = new Room(name, options, this.#roomOwner());
    this.#rooms.set(name, room);
    const link = this.#connections.current;
    if (this.#ended) room.close(this.#ended);
    else if (link) room.join(link);
    return room;
  }

  /** Publishes to a room that need not be joined (such as another user's personal room). See `Room.publish`. */
  publish(room: string, data: unknown, options: PublishOptions = {}): Publishing {
    return this.#outbox.publish(room, data, options);
  }

  /** Sets what others see of this user in `who` (a status text), at most 512 bytes of JSON. */
  async setInfo(info: unknown): Promise<void> {
    this.#info = info;
    await this.#ask('set', { info });
  }

  /** A sign that connecting may succeed now; browsers give it by themselves. */
  wake(): void {
    this.#connections.wake();
  }

  /** Ends the connection for good. What was not acknowledged is rejected with `closed`. */
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
    for (const [name, room] of this.#rooms) {
      const body = room.greeting();
      bytes += JSON.stringify(body).length + name.length + 4;
      // What does not fit is joined by itself afterwards.
      if (bytes > GREETING_ROOM_BYTES || Object.keys(rooms).length === Limits.roomsPerConnection) break;
      rooms[name] = body;
    }
    return { inst: this.#inst, rooms, caps: ['mbb'], sdk: this.#sdk };
  }

  #restore(link: Link, reply: HelloReply): void {
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
    for (const [name, room] of Array.from(this.#rooms)) room.restored(link, reply.rooms?.[name]);
    this.#outbox.attach(link, reply.limits.frameBytes);
    if (!moved) {
      this.#become('connected', { gateway: reply.gateway });
      return;
    }
    // Between the end of the old socket and this moment there was none to ask over.
    for (const wake of this.#waiting) wake();
    this.#events.emit('moved', { gateway: reply.gateway });
  }

  #push<Name extends keyof PushBodies>(name: Name, body: PushBodies[Name]): void {
    if (name === 'drain') {
      const { reason, deadline } = body as PushBodies['drain'];
      this.#events.emit('draining', { reason, deadline });
    } else if (name === 'degraded') {
      this.#degraded = (body as PushBodies['degraded']).parts;
      this.#events.emit('degraded', { parts: this.#degraded });
    } else if ('r' in body) {
      this.#rooms.get(body.r)?.push(name, body);
    }
  }

  #down(retryIn: number | undefined, reason: string): void {
    this.#outbox.detach();
    for (const room of this.#rooms.values()) room.down();
    this.#degraded = [];
    const state = this.#state === 'connecting' ? 'connecting' : 'reconnecting';
    this.#become(state, { reason, ...(retryIn !== undefined && { retryIn }) });
  }

  #end(error: ClientError): void {
    this.#ended = error;
    this.#watermarks.close();
    this.#outbox.close(error);
    for (const room of this.#rooms.values()) room.close(error);
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

  #roomOwner(): ConstructorParameters<typeof Room>[2] {
    return {
      clock: this.#clock,
      random: this.#random,
      link: () => this.#connections.current,
      ask: (op, body) => this.#ask(op, body),
      publish: (room, data, options) => this.#outbox.publish(room, data, options),
      delivered: (room: string, id: Position) => this.#watermarks.note(room, id),
      forget: (room) => {
        if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
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
