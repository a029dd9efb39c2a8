import {
  encodeError,
  encodeReply,
  formatPosition,
  messageFrame,
  parseClientFrame,
  protocolError,
  toJson,
  type ClientLine,
  type ClientRequest,
  type ErrorCode,
} from '@chatplatform/protocol';
import type { SocketHandlers, Transport } from '../connection/transport.ts';

/** The server's end of a socket that a test plays. */
export class ScriptedSocket {
  readonly lines: ClientLine[] = [];
  readonly #handlers: SocketHandlers;
  closedWith: number | undefined;
  open = false;

  constructor(handlers: SocketHandlers) {
    this.#handlers = handlers;
  }

  /** What the client sends. */
  take(frame: string): void {
    this.lines.push(parseClientFrame(frame));
  }

  /** Accepts the connection; the client greets. */
  accept(): void {
    this.open = true;
    this.#handlers.onOpen();
  }

  /** Sends lines in one frame. */
  send(...lines: (string | object)[]): void {
    this.#handlers.onFrame(
      lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    );
  }

  /** Ends the socket from the server's side. */
  close(code: number, reason = ''): void {
    this.open = false;
    this.#handlers.onClose(code, reason);
  }

  /** Requests of one operation, in order. */
  requests<Op extends ClientRequest['op']>(op: Op): Extract<ClientRequest, { op: Op }>[] {
    return this.lines.filter(
      (line): line is Extract<ClientRequest, { op: Op }> => line.kind === 'request' && line.op === op,
    );
  }

  /** The last request of one operation. */
  last<Op extends ClientRequest['op']>(op: Op): Extract<ClientRequest, { op: Op }> {
    const found = this.requests(op).at(-1);
    if (!found) throw new Error(`no ${op} came; came: ${JSON.stringify(this.lines)}`);
    return found;
  }

  /** Accepts and answers the hello. */
  welcome(over: object = {}): void {
    if (!this.open) this.accept();
    this.reply(this.last('hello'), helloReply(over));
  }

  reply(request: { i: number; op: string }, body: unknown): void {
    this.send(encodeReply(request.i, request.op, toJson(body)));
  }

  refuse(request: { i: number }, code: ErrorCode, after?: number): void {
    this.send(encodeError(request.i, protocolError(code, undefined, after)));
  }
}

/** A gateway of which a test plays every line. */
export class ScriptedGateway {
  readonly sockets: ScriptedSocket[] = [];

  readonly transport: Transport = (_url, handlers) => {
    const socket = new ScriptedSocket(handlers);
    this.sockets.push(socket);
    return {
      send: (frame) => socket.take(frame),
      close: (code) => {
        socket.open = false;
        socket.closedWith = code;
      },
    };
  };

  /** The newest socket. */
  get socket(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('the client has opened no socket');
    return socket;
  }
}

/** A reply to `hello` with plain values. */
export function helloReply(over: object = {}): object {
  return {
    sid: 's1',
    user: 'ann',
    resumed: false,
    resume: 'resume-1',
    ping: 25_000,
    pongWait: 8_000,
    limits: {
      frameBytes: 65_536,
      rooms: 256,
      connections: 5,
      requestsPerSecond: 20,
      requestBurst: 40,
      recoveryBurst: 256,
      publishesPerSecond: 10,
      publishBurst: 30,
      roomPublishesPerSecond: 200,
    },
    gateway: 'gw-1',
    exp: 1_760_000_000_000 + 3_600_000,
    ...over,
  };
}

/** A position of the test log. */
export function at(offset: number, epoch = 'epoch1'): string {
  return formatPosition(epoch, 0, offset);
}

/** The object of a message at an offset, chained to the one before it. */
export function message(
  offset: number,
  over: { room?: string; p?: string; user?: string; epoch?: string } = {},
): object {
  const frame = messageFrame({
    room: over.room ?? 'lobby',
    id: at(offset, over.epoch),
    p: over.p ?? (offset === 0 ? '' : at(offset - 1, over.epoch)),
    user: over.user ?? 'bob',
    cid: `bobs-instance-0000.${offset + 1}`,
    ts: 1_760_000_000_000 + offset,
    data: toJson(offset),
  });
  return (JSON.parse(frame) as { m: object }).m;
}

/** A push of {@link message}. */
export function push(offset: number, over: Parameters<typeof message>[1] = {}): object {
  return { m: message(offset, over) };
}

/** A reply with messages up to a head. */
export function history(offsets: readonly number[], over: object = {}): object {
  const head = offsets.at(-1);
  return {
    head: head === undefined ? '' : at(head),
    msgs: offsets.map((offset) => message(offset)),
    more: false,
    recovered: true,
    occ: 2,
    ...over,
  };
}
