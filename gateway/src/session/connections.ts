import { Limits } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { Identity } from '../auth/identity.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { Membership } from '../rooms/membership.ts';
import type { Socket, SocketEvents } from '../server/socket.ts';
import { greet, type Greeting } from './handshake.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Operations } from './operations.ts';
import type { SessionRegistry } from './session-registry.ts';
import { farewell, Session } from './session.ts';
import { TokenBucket } from './token-bucket.ts';
import type { TimingWheel, WheelEntry } from './timing-wheel.ts';
import { Turnstile } from './turnstile.ts';
import type { SessionGrant, Welcome } from './welcome.ts';

/** Limits that may change while the gateway runs. */
export interface SessionLimits {
  requestsPerSecond: number;
  requestBurst: number;
  recoveryBurst: number;
}

/** What connections need. */
export interface ConnectionsOptions {
  clock: Clock;
  wheel: TimingWheel;
  metrics: GatewayMetrics;
  verify: (token: string) => Promise<Identity>;
  welcome: Welcome;
  operations: Operations;
  heartbeat: Heartbeat;
  membership: Membership;
  publisher: Publisher;
  registry: SessionRegistry;
  limits: () => SessionLimits;
  /** After the hello was answered. */
  onWelcomed: (session: Session) => void;
  /** After a session's socket ended. `explicit`: the client said goodbye. */
  onGone: (session: Session, explicit: boolean) => void;
}

/** A socket before its hello was answered. */
interface Guest {
  timeout: WheelEntry;
  greeting: boolean;
  /** Frames that came while the hello was worked on. */
  queue: (string | undefined)[] | undefined;
}

/** A client that sends more than this before its hello is answered does not speak cp1. */
const MAX_QUEUED_FRAMES = 64;
/** Close code of a normal end by the client: it does not want to come back. */
const NORMAL_CLOSURE = 1000;

/** Every socket of the gateway, from its first frame to its end. */
export class Connections implements SocketEvents {
  readonly #options: ConnectionsOptions;
  readonly #guests = new Map<Socket, Guest>();
  readonly #sessions = new Map<Socket, Session>();
  readonly #turnstile: Turnstile;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    this.#turnstile = new Turnstile(options.clock);
  }

  /** Sockets whose hello was not answered yet. */
  get pending(): number {
    return this.#guests.size;
  }

  get size(): number {
    return this.#guests.size + this.#sessions.size;
  }

  opened(socket: Socket): void {
    const timeout = this.#options.wheel.add(Limits.helloTimeoutMs, this.#missHello, socket);
    this.#guests.set(socket, { timeout, greeting: false, queue: undefined });
    this.#count();
  }

  received(socket: Socket, text: string | undefined): void {
    const session = this.#sessions.get(socket);
    if (session !== undefined) this.#options.heartbeat.seen(session);
    const guest = this.#guests.get(socket);
    if (guest === undefined) {
      if (session !== undefined) this.#options.operations.receive(session, text);
      return;
    }
    if (!guest.greeting) {
      guest.greeting = true;
      this.#greet(socket, guest, text).catch(() => farewell(socket, 3004));
      return;
    }
    guest.queue ??= [];
    guest.queue.push(text);
    if (guest.queue.length > MAX_QUEUED_FRAMES)
      farewell(socket, 3501, { msg: 'wait for the reply to hello' });
  }

  drained(socket: Socket): void {
    this.#sessions.get(socket)?.wake();
  }

  closed(socket: Socket, code: number): void {
    this.#options.metrics.closes.inc({ code });
    const guest = this.#guests.get(socket);
    if (guest !== undefined) this.#options.wheel.remove(guest.timeout);
    this.#guests.delete(socket);
    const session = this.#sessions.get(socket);
    if (session !== undefined) this.#gone(session, code === NORMAL_CLOSURE);
    this.#count();
  }

  #gone(session: Session, explicit: boolean): void {
    const { heartbeat, membership, metrics, onGone } = this.#options;
    this.#sessions.delete(session.socket);
    // Who was told 3008 in time is counted already.
    if (session.socket.overflowed && !session.ended) metrics.slowCloses.inc();
    session.ended = true;
    heartbeat.stop(session);
    session.lanes.close(GONE);
    session.wake();
    // First out of the registry: what is left is where the session is not any more.
    onGone(session, explicit);
    membership.gone(session, explicit && !session.superseded);
  }

  async #greet(socket: Socket, guest: Guest, text: string | undefined): Promise<void> {
    const { verify, welcome, wheel } = this.#options;
    const greeting = await greet(socket, text, verify);
    wheel.remove(guest.timeout);
    if (greeting === undefined) return;
    await this.#turnstile.pass();
    if (socket.closed) return;
    const claim = welcome.claim(greeting.identity, greeting.hello.resume);
    const grant = await welcome.grant(greeting.identity, claim);
    if ('close' in grant) {
      farewell(socket, grant.close, grant);
      return;
    }
    if (socket.closed) {
      await welcome.giveUp(grant);
      return;
    }
    const session = this.#session(socket, greeting, grant);
    await welcome.reply(session, { i: greeting.i, hello: greeting.hello, resumed: grant.resumed });
    this.#guests.delete(socket);
    this.#count();
    if (socket.closed) return;
    this.#options.onWelcomed(session);
    for (const frame of [...lineFrames(greeting.rest), ...(guest.queue ?? [])]) {
      this.#options.operations.receive(session, frame);
    }
  }

  #session(socket: Socket, { hello, identity }: Greeting, grant: SessionGrant): Session {
    const { clock, publisher, registry, heartbeat } = this.#options;
    const { sid, generation, resumed } = grant;
    const session = new Session({
      socket,
      identity,
      sid,
      generation,
      inst: hello.inst,
      mbb: hello.caps.includes('mbb'),
      lanes: publisher.lanes({ user: identity.user, sid }),
      requestRate: this.#requestRate,
      recoveryRate: this.#recoveryRate,
      movedAt: resumed ? clock.monotonic() : Number.NEGATIVE_INFINITY,
    });
    registry.add(session);
    this.#sessions.set(socket, session);
    heartbeat.start(session);
    return session;
  }

  readonly #missHello = (socket: Socket): void => {
    if (this.#guests.get(socket)?.greeting === false) farewell(socket, 3014);
  };

  readonly #requestRate = (): TokenBucket => {
    const { requestsPerSecond, requestBurst } = this.#options.limits();
    return new TokenBucket(this.#options.clock, requestsPerSecond, requestBurst);
  };

  readonly #recoveryRate = (): TokenBucket =>
    new TokenBucket(this.#options.clock, 0, this.#options.limits().recoveryBurst);

  #count(): void {
    this.#options.metrics.connections.set({ state: 'pending' }, this.#guests.size);
    this.#options.metrics.connections.set({ state: 'open' }, this.#sessions.size);
  }
}

const GONE = { code: 115, msg: 'the connection ended', retry: true } as const;

function lineFrames(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [lines.join('\n')];
}
