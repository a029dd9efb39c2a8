import { fromJson, isTerminalClose, type ProtocolError } from '@chatplatform/protocol/light';
import type {
  ByePush,
  HelloReply,
  Notice,
  OperationInputs,
  PushBodies,
  ReplyBodies,
  RequestOperation,
} from '@chatplatform/protocol';
import type { Clock, Timer } from '../clock.ts';
import { ClientError, refused } from '../errors.ts';
import type { Socket, Transport } from './transport.ts';

/** Milliseconds from opening the socket to the reply to `hello`. */
const GREETING_MS = 10_000;
/** Milliseconds for any reply: the gateway gives a publish 10 s, and may delay it before by some more. */
const REPLY_MS = 30_000;
/** Milliseconds from `bye` to the close that it announces. */
const BYE_MS = 5_000;
/** Close code of a client that gave a socket up; 4000 and above are free for applications. */
const GAVE_UP = 4000;

/** How a socket ended. */
export interface LinkEnd {
  /** Close code; 1006 also when this side gave up. */
  readonly code: number;
  readonly reason: string;
  /** Window of milliseconds in which the platform wants the reconnect. */
  readonly after?: readonly [number, number] | undefined;
  /** What `hello` was refused with. */
  readonly refusal?: ProtocolError | undefined;
}

/** The outcome of a request. */
export type Result<Body> = { ok: true; body: Body } | { ok: false; error: ClientError };

/** What a link tells its session; always called in the order of the frames. */
export interface LinkHandlers {
  /** The socket is open: what to say first. */
  greeting(): OperationInputs['hello'];
  onReady(link: Link, reply: HelloReply): void;
  onPush<Name extends keyof PushBodies>(link: Link, name: Name, body: PushBodies[Name]): void;
  onEnd(link: Link, end: LinkEnd): void;
}

interface Pending {
  readonly op: string;
  readonly since: number;
  readonly done: (result: Result<never>) => void;
}

const PUSHES = new Set<string>(['m', 'v', 'pr', 'rj', 'rc', 'ty', 'drain', 'degraded', 'bye']);

/**
 * One socket from its opening to its end: greets, matches replies to requests, answers pings, notices
 * silence. Replies are handed over synchronously, in the order of the frames, because a push that
 * follows a reply must find it applied.
 */
export class Link {
  readonly #handlers: LinkHandlers;
  readonly #clock: Clock;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #state: 'opening' | 'greeting' | 'ready' | 'ended' = 'opening';
  #next = 0;
  #heard: number;
  #silence = GREETING_MS;
  #watch: Timer;
  #bye: ByePush | undefined;

  constructor(url: string, transport: Transport, clock: Clock, handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#clock = clock;
    this.#heard = clock.monotonic();
    this.#watch = clock.setTimeout(() => this.#fail('no answer to the hello'), GREETING_MS);
    this.#socket = transport(url, {
      onOpen: () => this.#greet(),
      onFrame: (text) => this.#read(text),
      onClose: (code, reason, after) => this.#end({ code, reason, after }),
    });
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Has the hello been sent? From then on the gateway may take the session over to this socket. */
  get greeted(): boolean {
    return this.#state === 'greeting' || this.#state === 'ready';
  }

  /** Sends a request; `done` is called exactly once, with `disconnected` when the link ends first. */
  request<Op extends RequestOperation>(
    op: Op,
    body: OperationInputs[Op],
    done: (result: Result<ReplyBodies[Op]>) => void,
  ): void {
    this.requestText(op, JSON.stringify(body), done);
  }

  /** As {@link request}, for a body that is JSON text already. */
  requestText<Op extends RequestOperation>(
    op: Op,
    body: string,
    done: (result: Result<ReplyBodies[Op]>) => void,
  ): void {
    if (this.#state === 'ended') {
      done({ ok: false, error: disconnected() });
      return;
    }
    const i = this.#next;
    // uint32; 32 in flight per room never meet a number of 2^32 requests ago.
    this.#next = (this.#next + 1) >>> 0;
    this.#pending.set(i, { op, since: this.#clock.monotonic(), done });
    this.#socket.send(`{"i":${i},"${op}":${body}}`);
  }

  /** Sends what gets no reply. */
  notify<Op extends Notice>(op: Op, body: OperationInputs[Op]): void {
    if (this.#state === 'ready') this.#socket.send(JSON.stringify({ [op]: body }));
  }

  /** Ends the link from this side. */
  close(reason: string): void {
    if (this.#state === 'ended') return;
    this.#socket.close(1000, reason);
    this.#end({ code: 1000, reason });
  }

  #greet(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'greeting';
    this.request('hello', this.#handlers.greeting(), (result) => {
      if (result.ok) this.#welcome(result.body);
      else this.#unwelcome(result.error);
    });
  }

  #welcome(reply: HelloReply): void {
    this.#state = 'ready';
    this.#silence = reply.ping + reply.pongWait;
    this.#watchIn(this.#silence);
    this.#handlers.onReady(this, reply);
  }

  #unwelcome(error: ClientError): void {
    if (this.#state === 'ended') return;
    this.#socket.close(1000, 'hello refused');
    this.#end({ code: 1006, reason: error.message, refusal: error.refusal });
  }

  #read(frame: string): void {
    this.#heard = this.#clock.monotonic();
    for (const line of frame.split('\n')) {
      if (this.#state === 'ended') return;
      this.#readLine(line);
    }
  }

  #readLine(line: string): void {
    const value = fromJson(line);
    if (typeof value !== 'object' || value === null) {
      this.#fail('a line of the gateway is no JSON object');
      return;
    }
    const entries = Object.entries(value);
    if (entries.length === 0) this.#socket.send('{}');
    else if ('i' in value) this.#reply(value as { i: number; err?: ProtocolError });
    else for (const [name, body] of entries) this.#push(name, body);
  }

  #reply(line: { i: number; err?: ProtocolError }): void {
    const pending = this.#pending.get(line.i);
    if (!pending) return;
    this.#pending.delete(line.i);
    const body: unknown = Reflect.get(line, pending.op);
    if (line.err) pending.done({ ok: false, error: refused(line.err) });
    else pending.done({ ok: true, body: body as never });
  }

  #push(name: string, body: unknown): void {
    if (!PUSHES.has(name)) return;
    if (name === 'bye') {
      this.#bye = body as ByePush;
      this.#watchIn(BYE_MS);
    }
    this.#handlers.onPush(this, name as keyof PushBodies, body as never);
  }

  #watchIn(ms: number): void {
    this.#watch.cancel();
    this.#watch = this.#clock.setTimeout(() => this.#inspect(), ms);
  }

  /** Looks for silence and for replies that never came; comes back when the next of them is due. */
  #inspect(): void {
    const now = this.#clock.monotonic();
    const [oldest] = this.#pending.values();
    const quiet = this.#heard + this.#silence - now;
    const due = oldest ? oldest.since + REPLY_MS - now : Number.POSITIVE_INFINITY;
    if (this.#bye) this.#fail('the gateway said goodbye');
    else if (quiet <= 0) this.#fail('nothing heard from the gateway');
    else if (due <= 0) this.#fail(`no reply to ${oldest?.op}`);
    else this.#watchIn(Math.min(quiet, due));
  }

  #fail(reason: string): void {
    this.#socket.close(GAVE_UP, reason);
    this.#end({ code: 1006, reason });
  }

  #end(end: LinkEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#watch.cancel();
    const bye = this.#bye;
    this.#handlers.onEnd(this, {
      ...end,
      // A full socket cannot take a close frame; what `bye` said still counts.
      ...(bye && end.code < 3000 && { code: bye.code, reason: bye.msg }),
      after: bye?.after ?? end.after,
    });
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { done } of pending) done({ ok: false, error: disconnected() });
  }
}

/** Must the client stop after this end? */
export function isTerminal(end: LinkEnd): boolean {
  if (end.refusal) return !end.refusal.retry;
  return isTerminalClose(end.code);
}

/** Was it the token? Another one may do. */
export function isTokenRefused(end: LinkEnd): boolean {
  return TOKEN_CLOSES.has(end.code) || (end.refusal !== undefined && TOKEN_REFUSALS.has(end.refusal.code));
}

const TOKEN_CLOSES = new Set([3005, 3500, 3507]);
const TOKEN_REFUSALS = new Set([101, 109]);

function disconnected(): ClientError {
  return new ClientError('disconnected', 'the connection was lost before the answer came', {
    retryable: true,
  });
}
