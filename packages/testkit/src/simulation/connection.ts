import type { Socket as ClientSocket, SocketHandlers } from '@chatplatform/client';
import type { ServerOptions, Socket } from '@chatplatform/gateway';
import type { Dice } from './dice.ts';
import type { Journal } from './journal.ts';
import type { SimProcess } from './sim-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import { Pipe } from './wire.ts';

/** Close code of a connection that broke without a word. */
const BROKEN = 1006;
/** A client is some hops further away than the parts of a cluster are from each other. */
export const DISTANCE = 8;
/** A break is over after this time, ms: by then both ends know. */
const BREAK_MS = 20;

/** A gateway as the network sees it. */
export interface Endpoint {
  readonly process: SimProcess;
  readonly options: ServerOptions;
  readonly topics: Map<string, Set<ServerSide>>;
  listening: boolean;
  /** When it stopped listening. */
  goneAt: number;
  nextId: number;
}

interface ConnectionParts {
  readonly time: VirtualTime;
  readonly dice: Dice;
  readonly journal: Journal;
  /** Connections that are open at one end at least. */
  readonly all: Set<Connection>;
}

/** One WebSocket with both ends. Frames of one direction arrive in order; after a break nothing more does. */
export class Connection {
  readonly from: SimProcess;
  readonly endpoint: Endpoint | undefined;
  readonly client: ClientSocket;
  server: ServerSide | undefined;
  /** Whatever is under way or sent later vanishes. */
  blackholed = false;
  readonly #handlers: SocketHandlers;
  readonly #parts: ConnectionParts;
  readonly #up: Pipe;
  readonly #down: Pipe;
  #clientOpen = true;

  constructor(
    from: SimProcess,
    handlers: SocketHandlers,
    endpoint: Endpoint | undefined,
    parts: ConnectionParts,
  ) {
    this.from = from;
    this.endpoint = endpoint;
    this.#handlers = handlers;
    this.#parts = parts;
    this.#up = new Pipe(parts.time, parts.dice, DISTANCE);
    this.#down = new Pipe(parts.time, parts.dice, DISTANCE);
    this.client = {
      send: (frame) => {
        if (this.#clientOpen) this.toServer(() => this.server?.receive(frame));
      },
      close: (code) => {
        if (!this.#clientOpen) return;
        this.#clientOpen = false;
        this.toServer(() => this.server?.closedByPeer(code));
      },
    };
  }

  open(): void {
    this.#parts.all.add(this);
    this.toServer(() => {
      const { endpoint } = this;
      const refusal =
        endpoint?.listening === true && endpoint.process.alive
          ? endpoint.options.admit({ remoteAddress: this.from.name, origin: '' })
          : { status: 'connection refused' };
      if (endpoint === undefined || refusal !== undefined) {
        this.toClient(() => this.endClient(BROKEN, ''));
        return;
      }
      this.server = new ServerSide(this, endpoint);
      this.toClient(() => this.#handlers.onOpen());
      endpoint.options.events.opened(this.server);
    });
  }

  /** Does `happen` at the gateway when what was sent now has arrived there. */
  toServer(happen: () => void): void {
    const arrive = (): void => {
      if (!this.blackholed) happen();
    };
    const delay = this.#up.delay();
    // A gateway that is gone is met all the same: its machine refuses.
    if (this.endpoint?.process.alive === true) this.endpoint.process.later(delay, arrive);
    else this.#parts.time.after(delay, arrive);
  }

  /** Does `happen` at the client when what was sent now has arrived there. */
  toClient(happen: () => void): void {
    this.from.later(this.#down.delay(), () => {
      if (!this.blackholed) happen();
    });
  }

  frameToClient(frame: string): void {
    this.toClient(() => {
      if (!this.#clientOpen) return;
      this.#parts.journal.note(this.#parts.time.now, `${this.from.name} gets`, frame);
      this.#handlers.onFrame(frame);
    });
  }

  noteAtServer(frame: string): void {
    this.#parts.journal.note(this.#parts.time.now, `${this.from.name} sent`, frame);
  }

  endClient(code: number, reason: string): void {
    this.#parts.all.delete(this);
    if (!this.#clientOpen) return;
    this.#clientOpen = false;
    this.#handlers.onClose(code, reason);
  }

  /** Breaks: some of what is under way still arrives, then each end is told. */
  cut(): void {
    if (this.blackholed) return;
    this.#parts.all.delete(this);
    const { dice, time } = this.#parts;
    const server = this.server;
    const end = (process: SimProcess, close: () => void): void => {
      process.later(dice.between(0, BREAK_MS), close);
    };
    end(this.from, () => this.endClient(BROKEN, ''));
    if (server !== undefined && this.endpoint !== undefined)
      end(this.endpoint.process, () => server.closedByPeer(BROKEN));
    time.after(BREAK_MS, () => {
      this.blackholed = true;
    });
  }
}

/** The gateway's end of a connection. */
class ServerSide implements Socket {
  readonly id: number;
  readonly remoteAddress: string;
  readonly offeredToken = undefined;
  readonly overflowed = false;
  readonly #connection: Connection;
  readonly #endpoint: Endpoint;
  #closed = false;

  constructor(connection: Connection, endpoint: Endpoint) {
    this.id = endpoint.nextId;
    endpoint.nextId += 1;
    this.#connection = connection;
    this.#endpoint = endpoint;
    this.remoteAddress = connection.from.name;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A frame of the client has arrived. */
  receive(frame: string): void {
    if (this.#closed) return;
    this.#connection.noteAtServer(frame);
    this.#endpoint.options.events.received(this, frame);
  }

  /** The other end closed, or the connection broke. */
  closedByPeer(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const members of this.#endpoint.topics.values()) members.delete(this);
    this.#endpoint.options.events.closed(this, code);
  }

  send(frame: string): boolean {
    if (this.#closed || !this.#endpoint.process.alive) return false;
    this.#connection.frameToClient(frame);
    return true;
  }

  subscribe(topic: string): void {
    if (this.#closed) return;
    const members = this.#endpoint.topics.get(topic) ?? new Set();
    this.#endpoint.topics.set(topic, members.add(this));
  }

  unsubscribe(topic: string): void {
    this.#endpoint.topics.get(topic)?.delete(this);
  }

  /** The simulated way takes everything at once. */
  bufferedBytes(): number {
    return 0;
  }

  end(code: number, reason: string): void {
    if (this.#closed) return;
    const connection = this.#connection;
    connection.toClient(() => connection.endClient(code, reason));
    this.closedByPeer(code);
  }

  destroy(): void {
    this.end(BROKEN, '');
  }
}
