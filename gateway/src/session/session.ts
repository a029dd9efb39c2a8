import {
  byeOf,
  CloseCodes,
  encodeError,
  encodePush,
  encodeReply,
  protocolError,
  type Capabilities,
  type CloseCode,
  type GatewayPush,
  type Json,
  type ProtocolError,
  type RoomClass,
} from '@chatplatform/protocol';
import type { Identity } from '../auth/identity.ts';
import type { Lanes } from '../publish/publisher.ts';
import type { Socket } from '../server/socket.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { WheelEntry } from './timing-wheel.ts';

/** What makes a session. */
export interface SessionParts {
  socket: Socket;
  identity: Identity;
  sid: string;
  generation: number;
  inst: string;
  /** The client opens a new socket before it gives up the old one. */
  mbb: boolean;
  lanes: Lanes;
  requestRate: () => TokenBucket;
  /** Own allowance for `join` and `sync` after a hello. */
  recoveryRate: () => TokenBucket;
  /** Monotonic ms. */
  movedAt: number;
}

/** A client that said hello. */
export class Session {
  readonly socket: Socket;
  readonly sid: string;
  readonly generation: number;
  readonly inst: string;
  readonly mbb: boolean;
  readonly lanes: Lanes;
  /** Rooms and the classes wanted there. */
  readonly rooms = new Map<string, readonly RoomClass[]>();
  /** Own presence info as JSON text. */
  info: string | undefined;
  identity: Identity;
  /** Monotonic ms of the last inbound frame. */
  lastSeen = 0;
  /** Monotonic ms of the last ping. */
  pingedAt = 0;
  /** When this client last said that it types, by room (monotonic ms). */
  typing: Map<string, number> | undefined;
  /** A newer socket has the session: this one accepts no publish and tells nobody of its end. */
  superseded = false;
  /** When it last came here from another socket (monotonic ms); a session that began here never moved. */
  readonly movedAt: number;
  /** Ephemeral classes are off because the client reads too slowly. */
  trimmed = false;
  /** The end was announced or has happened. */
  ended = false;
  heartbeat: WheelEntry | undefined;
  expiry: WheelEntry | undefined;
  readonly #requestRate: () => TokenBucket;
  readonly #recoveryRate: () => TokenBucket;
  #requests: TokenBucket | undefined;
  #recovery: TokenBucket | undefined;
  #serial: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.socket = parts.socket;
    this.identity = parts.identity;
    this.sid = parts.sid;
    this.generation = parts.generation;
    this.inst = parts.inst;
    this.mbb = parts.mbb;
    this.lanes = parts.lanes;
    this.#requestRate = parts.requestRate;
    this.#recoveryRate = parts.recoveryRate;
    this.movedAt = parts.movedAt;
  }

  get requests(): TokenBucket {
    this.#requests ??= this.#requestRate();
    return this.#requests;
  }

  get recovery(): TokenBucket {
    this.#recovery ??= this.#recoveryRate();
    return this.#recovery;
  }

  get user(): string {
    return this.identity.user;
  }

  /** For `permits` of the protocol. */
  get holder(): { user: string; caps: Capabilities } {
    return this.identity;
  }

  reply(i: number, op: string, body: Json): void {
    this.socket.send(encodeReply(i, op, body));
  }

  refuse(i: number, err: ProtocolError): void {
    this.socket.send(encodeError(i, err));
  }

  push(push: GatewayPush): void {
    this.socket.send(encodePush(push));
  }

  /** Says why, then closes at once. See {@link endAfterAcks} where acks shall come first. */
  bye(code: CloseCode, options: { msg?: string; after?: readonly [number, number] } = {}): void {
    if (this.ended) return;
    this.ended = true;
    this.lanes.close(protocolError(115));
    farewell(this.socket, code, options);
  }

  /** What the log was given is acknowledged before the goodbye; what waits is refused, to be resent elsewhere. */
  async endAfterAcks(code: CloseCode, options: { after?: readonly [number, number] } = {}): Promise<void> {
    this.lanes.close(protocolError(115));
    await this.lanes.settled();
    this.bye(code, options);
  }

  /** Runs history work one after the other, in the order asked, and only while the client keeps up with reading. */
  serially(work: () => Promise<void>): void {
    const serial = (this.#serial ?? Promise.resolve()).then(async () => {
      await this.#room();
      if (!this.socket.closed) await work();
      // The last one takes its promise away: most sessions never ask again.
      if (this.#serial === serial) this.#serial = undefined;
    });
    this.#serial = serial;
  }

  /** Resolves when everything given to `serially` so far is done. */
  get settled(): Promise<void> {
    return this.#serial ?? Promise.resolve();
  }

  /** The socket's buffer went down, or the socket is gone. */
  wake(): void {
    const wake = this.#drained;
    this.#drained = undefined;
    wake?.();
  }

  async #room(): Promise<void> {
    while (!this.socket.closed && this.socket.bufferedBytes() > HISTORY_BUFFER_BYTES) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }
}

/** The next history reply is built below a quarter of the socket's limit, so that one reply never closes a slow reader. */
const HISTORY_BUFFER_BYTES = 256 * 1024;

/** `bye` and close frame on a socket with or without a session. */
export function farewell(
  socket: Socket,
  code: CloseCode,
  { msg, after }: { msg?: string; after?: readonly [number, number] } = {},
): void {
  const bye = byeOf(code, msg, after);
  socket.send(
    encodePush({
      bye: { code, msg: bye.msg, reconnect: bye.reconnect, ...(after && { after: [...after] }) },
    }),
  );
  // A close reason may have 123 bytes: the name is enough, the sentence was in `bye`.
  socket.end(code, CloseCodes[code].name);
}
