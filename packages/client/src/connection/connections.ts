import type { DrainPush, HelloReply, OperationInputs, PushBodies } from '@chatplatform/protocol';
import { uniform, type Clock, type Random, type Timer } from '../clock.ts';
import { ClientError, ended } from '../errors.ts';
import { isTerminal, isTokenRefused, Link, type LinkEnd } from './link.ts';
import { ReconnectPolicy } from './reconnect.ts';
import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';

/** What the connections tell their client. */
export interface ConnectionsOwner {
  /** A socket is open: what to say; `resume` and the token are added. Nothing more may be published on the old one. */
  greeting(): Omit<OperationInputs['hello'], 'token' | 'resume'>;
  /** This link carries everything from now on. */
  onReady(link: Link, reply: HelloReply): void;
  /** A move to another link did not come about: the one before goes on. */
  onStay(link: Link): void;
  onPush<Name extends keyof PushBodies>(link: Link, name: Name, body: PushBodies[Name]): void;
  /** The link is gone; the next try is in `retryIn` ms (`undefined`: one is under way). */
  onDown(retryIn: number | undefined, reason: string): void;
  /** Something failed, and the connections go on trying. */
  onTrouble(error: ClientError): void;
  /** The connections are over. */
  onEnded(error: ClientError): void;
}

/** What connections are made of. */
export interface ConnectionsOptions {
  readonly url: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: Tokens;
}

/** Milliseconds: an old socket that the platform does not close after the move is closed by the client. */
const RETIRE_MS = 10_000;
const TOKEN_EXPIRED = 3005;
const TAKEN_OVER = 3514;
/**
 * Milliseconds in which a gateway under load may still read the hello of a socket this client has given up: that
 * hello then takes the session over from the socket in use, and the close that says so is of our own making.
 */
const OWN_TAKEOVER_MS = 60_000;
/** Milliseconds between two tries to renew a token: several fit into the minute before it ends. */
const RENEW_AGAIN_MIN_MS = 5_000;
const RENEW_AGAIN_MAX_MS = 10_000;

/**
 * Keeps one connection up: connects, reconnects, and on `drain` opens the new socket before the old one
 * goes (make-before-break).
 *
 * There is at most one link that carries everything (`current`), one that is being made (`next`), and
 * old ones that only bring what was still under way.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #owner: ConnectionsOwner;
  readonly #policy: ReconnectPolicy;
  #current: Link | undefined;
  #next: Link | undefined;
  readonly #retired = new Map<Link, Timer>();
  #timer: Timer | undefined;
  #renewal: Timer | undefined;
  #resume: string | undefined;
  #fetching = false;
  #over = false;
  /** When the last socket was given up before its hello was answered. */
  #abandoned = Number.NEGATIVE_INFINITY;

  constructor(options: ConnectionsOptions, owner: ConnectionsOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#policy = new ReconnectPolicy(options.clock, options.random);
  }

  /** The link that carries everything. */
  get current(): Link | undefined {
    return this.#current;
  }

  /** Connects for the first time, at once. */
  start(): void {
    void this.#attempt();
  }

  /** A sign that a try may succeed now: does not wait for the next one. */
  wake(): void {
    if (this.#over || this.#current || this.#next || !this.#timer || !this.#policy.mayTryNow()) return;
    this.#cancelTimer();
    void this.#attempt();
  }

  /** Ends every socket. */
  close(reason: string): void {
    this.#over = true;
    this.#cancelTimer();
    this.#renewal?.cancel();
    this.#policy.lost();
    for (const [link, timer] of this.#retired) {
      timer.cancel();
      link.close(reason);
    }
    this.#next?.close(reason);
    this.#current?.close(reason);
  }

  async #attempt(): Promise<void> {
    if (this.#next || this.#fetching) return;
    this.#fetching = true;
    const token = await this.#options.tokens.get().catch((error: unknown) => asTokenError(error));
    this.#fetching = false;
    if (this.#over) return;
    if (typeof token !== 'string') {
      this.#owner.onTrouble(token);
      this.#retry(undefined, token.message);
      return;
    }
    try {
      this.#open(token);
    } catch (cause) {
      const text = 'this page or program may not open a WebSocket to the address (a https page needs wss)';
      this.#finish(new ClientError('invalid', text, { cause }));
    }
  }

  #open(token: string): void {
    const { url, transport, clock } = this.#options;
    this.#next = new Link(url, transport, clock, {
      greeting: () => ({
        ...this.#owner.greeting(),
        token,
        ...(this.#resume !== undefined && { resume: this.#resume }),
      }),
      onReady: (link, reply) => this.#adopt(link, reply),
      onPush: (link, name, body) => this.#push(link, name, body),
      onEnd: (link, end) => this.#ended(link, end),
    });
  }

  #adopt(link: Link, reply: HelloReply): void {
    const old = this.#current;
    this.#current = link;
    this.#next = undefined;
    this.#cancelTimer();
    this.#resume = reply.resume;
    this.#policy.connected();
    this.#options.tokens.accepted(reply.exp);
    this.#renewLater();
    if (old) this.#retire(old);
    this.#owner.onReady(link, reply);
  }

  /** The old socket still brings acknowledgements and pushes until the platform closes it. */
  #retire(link: Link): void {
    const timer = this.#options.clock.setTimeout(() => link.close('moved'), RETIRE_MS);
    this.#retired.set(link, timer);
  }

  #push<Name extends keyof PushBodies>(link: Link, name: Name, body: PushBodies[Name]): void {
    if (link !== this.#current && !this.#retired.has(link)) return;
    if (name === 'drain' && link === this.#current) this.#move(body as DrainPush);
    this.#owner.onPush(link, name, body);
  }

  #move(drain: DrainPush): void {
    this.#resume = drain.resume;
    if (this.#next) return;
    this.#cancelTimer();
    const wait = uniform(this.#options.random, drain.after[0], drain.after[1]);
    this.#timer = this.#options.clock.setTimeout(() => void this.#attempt(), wait);
  }

  #ended(link: Link, end: LinkEnd): void {
    const retired = this.#retired.get(link);
    retired?.cancel();
    this.#retired.delete(link);
    if (this.#over || (link !== this.#current && link !== this.#next)) return;
    if (link === this.#current) this.#lost(end);
    else this.#failed(end);
  }

  #lost(end: LinkEnd): void {
    this.#current = undefined;
    this.#renewal?.cancel();
    this.#policy.lost();
    // The normal end of make-before-break may arrive before the reply on the new socket does: that is no break.
    if (this.#next?.greeted && end.code === TAKEN_OVER) return;
    const own = this.#isOwnTakeover(end);
    if (own && !this.#next) this.#retryAfterOwnTakeover();
    else if (this.#next && (own || !isTerminal(end))) this.#owner.onDown(undefined, end.reason);
    else this.#settle(end);
  }

  #retryAfterOwnTakeover(): void {
    this.#retry(undefined, 'taken over by a socket that was given up');
  }

  #isOwnTakeover(end: LinkEnd): boolean {
    return end.code === TAKEN_OVER && this.#options.clock.monotonic() - this.#abandoned < OWN_TAKEOVER_MS;
  }

  #failed(end: LinkEnd): void {
    this.#next = undefined;
    const own = this.#isOwnTakeover(end);
    // A socket that was taken over takes nothing over any more.
    if (!own) this.#abandoned = this.#options.clock.monotonic();
    const current = this.#current;
    if (!current) {
      if (own) this.#retryAfterOwnTakeover();
      else this.#settle(end);
      return;
    }
    // The old socket still works: whatever the verdict on the new one was, it is not over yet.
    this.#owner.onStay(current);
    const hope = isTokenRefused(end) && this.#options.tokens.rejected();
    if (hope || own || !isTerminal(end)) this.#schedule(end.after);
  }

  /** No link is left: the end, or the next try. */
  #settle(end: LinkEnd): void {
    const hope = isTokenRefused(end) && this.#options.tokens.rejected();
    if (end.code === TOKEN_EXPIRED && !this.#options.tokens.renewable) this.#finish(expired());
    else if (isTerminal(end) && !hope) this.#finish(verdictOf(end));
    else this.#retry(end.after ?? windowOf(end), end.reason);
  }

  #finish(error: ClientError): void {
    this.close(error.message);
    this.#owner.onEnded(error);
  }

  #retry(window: readonly [number, number] | undefined, reason: string): void {
    const wait = this.#schedule(window);
    if (!this.#current) this.#owner.onDown(wait, reason);
  }

  #schedule(window: readonly [number, number] | undefined): number {
    this.#cancelTimer();
    const wait = this.#policy.delay(window);
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.#attempt();
    }, wait);
    return wait;
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #renewLater(): void {
    this.#renewal?.cancel();
    const wait = this.#options.tokens.renewIn();
    if (wait === undefined) return;
    // A timer takes at most 2^31 ms; looking again once a day is enough for any token.
    this.#renewal = this.#options.clock.setTimeout(
      () => (wait > DAY_MS ? this.#renewLater() : void this.#renew()),
      Math.min(wait, DAY_MS),
    );
  }

  #renewAgain(): void {
    const wait = uniform(this.#options.random, RENEW_AGAIN_MIN_MS, RENEW_AGAIN_MAX_MS);
    this.#renewal = this.#options.clock.setTimeout(() => void this.#renew(), wait);
  }

  async #renew(): Promise<void> {
    const link = this.#current;
    const token = await this.#options.tokens.renew().catch((error: unknown) => asTokenError(error));
    if (this.#over || !link || link !== this.#current) return;
    if (typeof token !== 'string') {
      this.#owner.onTrouble(token);
      this.#renewAgain();
      return;
    }
    link.request('refresh', { token }, (result) => {
      if (link !== this.#current) return;
      if (!result.ok) {
        this.#owner.onTrouble(result.error);
        if (result.error.retryable) this.#renewAgain();
        return;
      }
      this.#options.tokens.accepted(result.body.exp);
      this.#renewLater();
    });
  }
}

const DAY_MS = 86_400_000;

function asTokenError(error: unknown): ClientError {
  return error instanceof ClientError
    ? error
    : new ClientError('token', String(error), { cause: error, retryable: true });
}

function expired(): ClientError {
  return new ClientError(
    'token',
    'the token has expired; pass a function as `token`, so that a new one can be fetched',
  );
}

function verdictOf(end: LinkEnd): ClientError {
  if (!end.refusal) return ended(end.code, end.reason);
  return new ClientError('refused', end.reason, { refusal: end.refusal });
}

/** `after` of a refused hello is a moment; spread over half as much again, so that not all come at it. */
function windowOf(end: LinkEnd): readonly [number, number] | undefined {
  const after = end.refusal?.after;
  return after === undefined ? undefined : [after, after * 1.5];
}
