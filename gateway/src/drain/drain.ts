import type { Sessions } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Session } from '../session/session.ts';
import type { ReconnectBudget } from './reconnect-budget.ts';

/**
 * serving → waiting (endpoints are being told) → moving (clients, by budget) → closing (the deadline passed) → drained.
 * Back to serving from everywhere but `closing`.
 */
export type DrainState = 'serving' | 'waiting' | 'moving' | 'closing' | 'drained';

/** What `GET /drain` tells. */
export interface DrainStatus {
  state: DrainState;
  reason: string | undefined;
  /** Connections when it began. */
  initial: number;
  moved: number;
  /** Closed because they had not moved in time. */
  forced: number;
  remaining: number;
  /** Seconds until the last one is told, at the pace of now. */
  eta: number;
}

/** How to drain. */
export interface DrainOrder {
  reason: string;
  /** Reconnects per second of the whole platform; the configured one when absent. */
  budget?: number | undefined;
  /** Deadline from now, start delay included; the configured one when absent. */
  timeoutMs?: number | undefined;
  /** False for a drain that keeps this gateway ready (the operator takes it out of the Service by its label). */
  unready: boolean;
  /** True when the process ends afterwards: there is no way back. */
  final?: boolean;
}

/** What draining needs. */
export interface DrainOptions {
  clock: Clock;
  logger: Logger;
  metrics: GatewayMetrics;
  incarnation: string;
  registry: SessionRegistry;
  /** Sockets without a session. */
  pending: () => number;
  sessions: Pick<Sessions, 'markMoving' | 'markConnected'>;
  budget: ReconnectBudget;
  resumeToken: (session: Session) => string;
  /** A drain began or was called off: the others shall know before the first client arrives. */
  onChange: () => void;
  settings: () => {
    startDelayMs: number;
    timeoutMs: number;
    ratePerSecond: number;
    jitterMs: number;
  };
}

/** Clients told per question to the budget. */
const BATCH = 50;
/** Sleep after the budget was used up: it gathers what pays the next question. */
const GATHER_MS = 50;
/** Longest sleep between looks at who is left. */
const LOOK_MS = 100;
/** A client that opens the new socket first does so within this window: its slot was paced by the budget already. */
const MBB_WINDOW_MS = 1000;
/** Such a client had this long, dial and hello included, before it is treated as one that cannot. */
const MBB_PATIENCE_MS = 15_000;
/** At the deadline the rest goes in slices, so that goodbyes leave and the loop breathes: 200 per 50 ms. */
const SLICE = 200;
const SLICE_MS = 50;
/** At the deadline acknowledgements under way are waited for this long; the pod has thirty seconds left. */
const LAST_ACKS_MS = 5000;
/** Retry-After for upgrades: another gateway is there at once, and the jitter spreads the rest. */
const RETRY_SECONDS = 2;

/** Moves every client to another gateway. One state machine for the operator's order, preStop and SIGTERM. */
export class Drain {
  readonly #options: DrainOptions;
  #state: DrainState = 'serving';
  #order: DrainOrder | undefined;
  #initial = 0;
  #forced = 0;
  #deadline = 0;
  #run: Promise<void> | undefined;
  /** Rises with every start and cancel: a run that is not the latest stops. */
  #turn = 0;
  /** Clients that were told, with the time until which they are waited for. */
  #told = new Map<Session, number>();
  /** When the first one was told: the pace of now. */
  #began = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  get state(): DrainState {
    return this.#state;
  }

  /** Seconds after which a refused upgrade may be tried again; undefined while connections are welcome. */
  get retrySeconds(): number | undefined {
    return this.#state === 'serving' ? undefined : RETRY_SECONDS;
  }

  /** True when nobody shall send new connections here any more. */
  get unready(): boolean {
    return this.#state !== 'serving' && this.#order?.unready === true;
  }

  status(): DrainStatus {
    const remaining = this.#remaining();
    return {
      state: this.#state,
      reason: this.#order?.reason,
      initial: this.#initial,
      moved: Math.max(0, this.#initial - remaining - this.#forced),
      forced: this.#forced,
      remaining,
      eta: this.#state === 'serving' ? 0 : Math.ceil(this.#untold() / this.#pace()),
    };
  }

  /** Begins, or joins the drain that runs; resolves when everybody is gone. A later order may add `unready`. */
  start(order: DrainOrder): Promise<void> {
    if (this.#run !== undefined) {
      if (order.unready) this.#order = { ...order, budget: order.budget ?? this.#order?.budget };
      return this.#run;
    }
    this.#order = order;
    this.#state = 'waiting';
    this.#initial = this.#remaining();
    this.#forced = 0;
    this.#told = new Map();
    this.#options.logger.info({ reason: order.reason, connections: this.#initial }, 'draining');
    this.#turn += 1;
    this.#run = this.#drain(this.#turn);
    this.#options.onChange();
    return this.#run;
  }

  /** Serves again; false when it is too late. Clients that were told already move all the same. */
  cancel(): boolean {
    if (this.#state === 'closing' || this.#order?.final === true) return false;
    this.#turn += 1;
    this.#state = 'serving';
    this.#order = undefined;
    this.#run = undefined;
    this.#options.metrics.drainRemaining.set(0);
    void this.#callOff([...this.#told.keys()]);
    this.#options.onChange();
    return true;
  }

  async #drain(turn: number): Promise<void> {
    const { clock, settings, logger } = this.#options;
    const isLatest = (): boolean => this.#turn === turn;
    const { startDelayMs } = settings();
    const allowedMs = this.#order?.timeoutMs ?? startDelayMs + settings().timeoutMs;
    this.#deadline = clock.monotonic() + allowedMs;
    if (this.#remaining() > 0) await clock.sleep(Math.min(startDelayMs, allowedMs));
    if (!isLatest()) return;
    this.#state = 'moving';
    while (isLatest() && this.#remaining() > 0 && clock.monotonic() < this.#deadline)
      await this.#step(isLatest);
    if (!isLatest()) return;
    if (this.#remaining() > 0) await this.#closeRest();
    this.#state = 'drained';
    this.#options.metrics.drainRemaining.set(0);
    const { reason, moved, forced } = this.status();
    logger.info({ reason, moved, forced }, 'drained');
  }

  async #step(isLatest: () => boolean): Promise<void> {
    const { clock, budget, metrics } = this.#options;
    metrics.drainRemaining.set(this.#remaining());
    this.#closeLate();
    const next = this.#next();
    if (next.length === 0) {
      await clock.sleep(LOOK_MS);
      return;
    }
    const { granted, waitMs } = await budget.take(next.length, this.#rate);
    if (!isLatest()) return;
    for (const session of next.slice(0, granted)) this.#tell(session);
    if (granted < next.length) await clock.sleep(Math.min(Math.max(waitMs, GATHER_MS), LOOK_MS));
  }

  #next(): Session[] {
    const next: Session[] = [];
    for (const session of this.#options.registry.all()) {
      if (next.length === BATCH) break;
      if (!this.#told.has(session) && !session.ended) next.push(session);
    }
    return next;
  }

  #tell(session: Session): void {
    const { clock, incarnation, sessions, resumeToken, settings } = this.#options;
    if (session.ended) return;
    if (this.#told.size === 0) this.#began = clock.monotonic();
    this.#told.set(session, clock.monotonic() + MBB_PATIENCE_MS);
    const { sid, generation } = session;
    // Nothing waits for it: a Redis that hangs must not hold up the move.
    sessions.markMoving(sid, { incarnation, generation }).catch(() => false);
    const windowMs = session.mbb ? MBB_WINDOW_MS : settings().jitterMs;
    session.push({
      drain: {
        after: [0, windowMs],
        deadline: Math.max(0, Math.round(this.#deadline - clock.monotonic())),
        resume: resumeToken(session),
        reason: this.#order?.reason ?? '',
      },
    });
    if (!session.mbb) void session.endAfterAcks(3002, { after: [0, windowMs] });
  }

  /** Clients that should have moved by themselves and did not. */
  #closeLate(): void {
    const now = this.#options.clock.monotonic();
    for (const [session, until] of this.#told) {
      if (session.ended || now < until) continue;
      this.#forced += 1;
      this.#told.set(session, Number.POSITIVE_INFINITY);
      void session.endAfterAcks(3002, { after: [0, this.#options.settings().jitterMs] });
    }
  }

  async #closeRest(): Promise<void> {
    const { clock, registry, logger } = this.#options;
    this.#state = 'closing';
    logger.warn({ remaining: this.#remaining() }, 'the drain deadline passed; closing the rest');
    const after = this.#lastWindow();
    const rest = [...registry.all()].filter((session) => !session.ended);
    this.#forced += rest.length;
    const goodbyes: Promise<void>[] = [];
    for (let from = 0; from < rest.length; from += SLICE) {
      goodbyes.push(
        ...rest.slice(from, from + SLICE).map((session) => session.endAfterAcks(3002, { after })),
      );
      await clock.sleep(SLICE_MS);
    }
    await Promise.race([Promise.all(goodbyes), clock.sleep(LAST_ACKS_MS)]);
    for (const session of registry.all()) session.bye(3002, { after });
  }

  /** The rest is closed within seconds, and comes back no faster than the budget allows. */
  #lastWindow(): readonly [number, number] {
    const { budget, settings } = this.#options;
    const paced = (this.#remaining() / budget.share(this.#rate)) * 1000;
    return [0, Math.round(Math.max(settings().jitterMs, paced))];
  }

  async #callOff(told: readonly Session[]): Promise<void> {
    const { incarnation, sessions } = this.#options;
    for (const { sid, generation, ended } of told) {
      if (!ended) await sessions.markConnected(sid, { incarnation, generation }).catch(() => false);
    }
  }

  get #rate(): number {
    return this.#order?.budget ?? this.#options.settings().ratePerSecond;
  }

  #untold(): number {
    let count = 0;
    for (const session of this.#options.registry.all()) if (!this.#told.has(session)) count += 1;
    return count;
  }

  /** Clients told per second until now; before the first second is over, what the budget would give. */
  #pace(): number {
    const seconds = (this.#options.clock.monotonic() - this.#began) / 1000;
    return this.#told.size > 0 && seconds >= 1 ? this.#told.size / seconds : this.#rate;
  }

  #remaining(): number {
    return this.#options.registry.size + this.#options.pending();
  }
}
