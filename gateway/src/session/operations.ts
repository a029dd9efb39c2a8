import {
  linesOf,
  Limits,
  parseClientFrame,
  permits,
  protocolError,
  toJson,
  type ClientNotice,
  type ClientRequest,
  type Json,
  type OperationBodies,
  type Right,
} from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import { Refused } from './refused.ts';
import type { Session } from './session.ts';

/** One operation: resolves with the body of its reply, throws {@link Refused}. */
export type Handler<Op extends keyof OperationBodies> = (
  session: Session,
  body: OperationBodies[Op],
) => Promise<Json>;

/** What the operations do; the parts of the gateway fill it in. */
export interface Handlers {
  refresh: Handler<'refresh'>;
  leave: Handler<'leave'>;
  pub: Handler<'pub'>;
  hist: Handler<'hist'>;
  sync: Handler<'sync'>;
  who: Handler<'who'>;
  set: Handler<'set'>;
  read: Handler<'read'>;
  ack: (session: Session, body: OperationBodies['ack']) => void;
  /** Sends its reply itself, in the turn in which the pushes begin. */
  join: (session: Session, i: number, body: OperationBodies['join']) => Promise<void>;
  typing: (session: Session, body: OperationBodies['typing']) => void;
}

/** What dispatching needs. */
export interface OperationsOptions {
  handlers: Handlers;
  clock: Clock;
  logger: Logger;
  metrics: GatewayMetrics;
}

const NO_BODY = toJson({});
/** Rate violations are counted over this time. */
const VIOLATION_WINDOW_MS = 60_000;

/** Reads the frames of a session and answers every request exactly once. */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #violations = new WeakMap<Session, { since: number; count: number }>();

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  receive(session: Session, frame: string | undefined): void {
    if (frame === undefined) {
      session.bye(3501, { msg: 'cp1.json has text frames only' });
      return;
    }
    for (const line of linesOf(frame)) {
      if (session.ended) return;
      this.#line(session, line);
    }
  }

  #line(session: Session, text: string): void {
    const line = parseClientFrame(text);
    switch (line.kind) {
      case 'pong':
        this.#unanswered(session);
        return;
      case 'broken':
        session.bye(3501, { msg: line.msg });
        return;
      case 'refused':
        if (this.#allowed(session, line.op ?? 'none', line.i)) this.#refuse(session, line.i, line.err);
        return;
      case 'notice':
        if (this.#unanswered(session)) this.#notice(session, line);
        return;
      case 'request':
        if (this.#allowed(session, line.op, line.i)) this.#request(session, line);
    }
  }

  /** Lines without a reply are dropped over the rate; a flood of them counts like one of requests. */
  #unanswered(session: Session): boolean {
    const allowed = session.requests.take();
    if (!allowed) this.#violated(session);
    return allowed;
  }

  #notice(session: Session, line: ClientNotice): void {
    const { handlers } = this.#options;
    if (line.op === 'typing') handlers.typing(session, line.body);
    else handlers.ack(session, line.body);
  }

  /** Publishes have rates of their own (they are delayed, not refused). */
  #allowed(session: Session, op: string, i: number): boolean {
    if (op === 'pub' || session.requests.take()) return true;
    if ((op === 'join' || op === 'sync') && session.recovery.take()) return true;
    const after = session.requests.waitMs();
    this.#refuse(
      session,
      i,
      protocolError(111, `more than the allowed requests per second; wait ${after} ms`, after),
    );
    return false;
  }

  #request(session: Session, line: ClientRequest): void {
    this.#options.metrics.requests.inc({ op: line.op });
    const { handlers } = this.#options;
    const { i } = line;
    switch (line.op) {
      case 'hello':
        this.#refuse(session, i, protocolError(104, 'hello was said already'));
        return;
      case 'pub':
        void this.#answer(session, line, () => handlers.pub(session, line.body));
        return;
      case 'join':
        session.serially(() => this.#guard(session, i, () => handlers.join(session, i, line.body)));
        return;
      case 'leave':
        session.serially(() => this.#answer(session, line, () => handlers.leave(session, line.body)));
        return;
      case 'sync':
        session.serially(() => this.#answer(session, line, () => handlers.sync(session, line.body)));
        return;
      case 'hist':
        session.serially(() => this.#answer(session, line, () => handlers.hist(session, line.body)));
        return;
      default:
        this.#simple(session, line);
    }
  }

  #simple(session: Session, line: Extract<ClientRequest, { op: 'refresh' | 'read' | 'who' | 'set' }>): void {
    const { handlers } = this.#options;
    void this.#answer(session, line, () => {
      if (line.op === 'refresh') return handlers.refresh(session, line.body);
      if (line.op === 'read') return handlers.read(session, line.body);
      return line.op === 'who' ? handlers.who(session, line.body) : handlers.set(session, line.body);
    });
  }

  #answer(session: Session, { i, op }: { i: number; op: string }, run: () => Promise<Json>): Promise<void> {
    return this.#guard(session, i, async () => session.reply(i, op, await run()));
  }

  async #guard(session: Session, i: number, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof Refused) {
        this.#refuse(session, i, error.err);
        return;
      }
      this.#options.logger.error({ err: error }, 'a request failed inside');
      this.#refuse(session, i, protocolError(100));
    }
  }

  #refuse(session: Session, i: number, err: ReturnType<typeof protocolError>): void {
    this.#options.metrics.refusals.inc({ code: err.code });
    session.refuse(i, err);
    if (err.code === 111) this.#violated(session);
  }

  #violated(session: Session): void {
    const now = this.#options.clock.monotonic();
    let seen = this.#violations.get(session);
    if (seen === undefined || now - seen.since > VIOLATION_WINDOW_MS) seen = { since: now, count: 0 };
    seen.count += 1;
    this.#violations.set(session, seen);
    if (seen.count >= Limits.violationsPerMinute) session.bye(3013);
  }
}

/** Throws 103 unless the token of the session grants `right` on `room`. */
export function demand(session: Session, room: string, right: Right): void {
  if (!permits(session.holder, room, right)) {
    throw new Refused(103, `the token does not grant "${right}" on this room`);
  }
}

/** Throws 102 unless the session is in `room`. */
export function demandJoined(session: Session, room: string): void {
  if (!session.rooms.has(room)) throw new Refused(102, 'join the room first');
}

/** The body of a reply that says nothing. */
export { NO_BODY };
