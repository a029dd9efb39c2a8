import type { Gateways, Sessions } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import type { GatewayMetrics } from '../admin/gateway-metrics.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Session } from '../session/session.ts';
import { LOOK_PER_GATEWAY_MS, type Balance } from './balance.ts';
import type { ReconnectBudget } from './reconnect-budget.ts';

/** What rebalancing needs. */
export interface RebalanceOptions {
  clock: Clock;
  logger: Logger;
  metrics: GatewayMetrics;
  incarnation: string;
  registry: SessionRegistry;
  gateways: Pick<Gateways, 'list'>;
  sessions: Pick<Sessions, 'markMoving' | 'markConnected'>;
  balance: Balance;
  budget: ReconnectBudget;
  /** Reconnects per second of the whole platform. */
  ratePerSecond: () => number;
  resumeToken: (session: Session) => string;
  /** False while this gateway is being drained. */
  isServing: () => boolean;
}

/** A client that moved or was told to is left alone this long. */
const LEFT_ALONE_MS = 600_000;
/** A surplus is believed when this many looks in a row see it: arrivals since the last leases are in the second one. */
const LOOKS = 2;
/** Clients told per question to the budget. */
const BATCH = 25;
/** Sleep between questions to the budget: it gathers what pays the question. */
const PAUSE_MS = 100;
/** The budget paces the moves; within this window a client dials. */
const WINDOW_MS = 1000;
/** By then a client has moved, detours included, and every lease tells it. Who has not stays. */
const PATIENCE_MS = 30_000;

/**
 * Gives connections away when this gateway has more than its share, as after a scale-out. Only clients that open the
 * new socket before they give up the old one are asked, so nobody is cut off for the sake of balance.
 */
export class Rebalance {
  readonly #options: RebalanceOptions;
  readonly #told = new WeakMap<Session, number>();
  #seen = 0;
  #nextLook = Number.NEGATIVE_INFINITY;
  #moving = false;
  #stopped = false;
  /** Tokens taken and not yet spent: a move may cost more than one. */
  #credit = 0;

  constructor(options: RebalanceOptions) {
    this.#options = options;
  }

  /** After every lease: learns how full the others are, and begins to move clients when that is due. Rejects with `RedisError`. */
  async look(): Promise<void> {
    const { balance, clock, gateways, metrics, isServing } = this.#options;
    if (clock.monotonic() < this.#nextLook) return;
    balance.update(await gateways.list());
    this.#nextLook = clock.monotonic() + LOOK_PER_GATEWAY_MS * balance.gateways;
    metrics.connectionsMean.set(balance.mean ?? 0);
    if (this.#moving || !isServing()) return;
    const { surplus } = balance;
    this.#seen = surplus > 0 ? this.#seen + 1 : 0;
    if (this.#seen < LOOKS) return;
    this.#seen = 0;
    this.#moving = true;
    void this.#move(surplus).finally(() => {
      this.#moving = false;
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  async #move(surplus: number): Promise<void> {
    const { clock, logger } = this.#options;
    const candidates = this.#candidates(surplus);
    if (candidates.length === 0) return;
    logger.info(
      { surplus, told: candidates.length },
      'more connections than its share; telling some to move',
    );
    const told: Session[] = [];
    while (candidates.length > 0 && this.#goesOn()) {
      const count = await this.#afford(Math.min(BATCH, candidates.length));
      for (const session of candidates.splice(0, count)) if (await this.#tell(session)) told.push(session);
      if (candidates.length > 0) await clock.sleep(PAUSE_MS);
    }
    await clock.sleep(PATIENCE_MS);
    await this.#callOff(told.filter((session) => !session.ended && !session.superseded));
  }

  #goesOn(): boolean {
    return !this.#stopped && this.#options.isServing() && this.#options.balance.mean !== undefined;
  }

  /** Those who came here without moving, and those whose last move is long ago. */
  #candidates(count: number): Session[] {
    const now = this.#options.clock.monotonic();
    const chosen: Session[] = [];
    for (const session of this.#options.registry.all()) {
      if (chosen.length >= count) break;
      const last = Math.max(session.movedAt, this.#told.get(session) ?? Number.NEGATIVE_INFINITY);
      if (session.mbb && !session.ended && !session.superseded && now - last >= LEFT_ALONE_MS)
        chosen.push(session);
    }
    return chosen;
  }

  /** How many of `count` clients may be told now. */
  async #afford(count: number): Promise<number> {
    const { balance, budget, ratePerSecond } = this.#options;
    const cost = balance.reconnectsPerMove;
    const wanted = Math.ceil(count * cost - this.#credit);
    if (wanted > 0) this.#credit += (await budget.take(wanted, ratePerSecond())).granted;
    const affordable = Math.min(count, Math.floor(this.#credit / cost));
    this.#credit -= affordable * cost;
    return affordable;
  }

  async #tell(session: Session): Promise<boolean> {
    const { clock, incarnation, metrics, sessions, resumeToken } = this.#options;
    const { sid, generation } = session;
    // Without the mark the next gateway could not tell a move from a lost connection.
    const marked = await sessions.markMoving(sid, { incarnation, generation }).catch(() => false);
    if (!marked || session.ended || session.superseded) return false;
    this.#told.set(session, clock.monotonic());
    metrics.rebalanced.inc({ result: 'told' });
    session.push({
      drain: {
        after: [0, WINDOW_MS],
        deadline: PATIENCE_MS,
        resume: resumeToken(session),
        reason: 'rebalance',
      },
    });
    return true;
  }

  /** Who did not find a place stays, and is received like everybody else wherever it dials. */
  async #callOff(sessions: readonly Session[]): Promise<void> {
    const { incarnation, metrics } = this.#options;
    for (const { sid, generation } of sessions) {
      metrics.rebalanced.inc({ result: 'stayed' });
      await this.#options.sessions.markConnected(sid, { incarnation, generation }).catch(() => false);
    }
  }
}
