import type { GatewayInfo, Sessions } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';

/** What judging the balance needs. */
export interface BalanceOptions {
  incarnation: string;
  clock: Clock;
  sessions: Pick<Sessions, 'get'>;
  /** Sessions on this gateway now. */
  own: () => number;
  enabled: () => boolean;
}

/** Above this share of the mean a gateway gives connections away. */
const SURPLUS_SHARE = 1.1;
/** What is worth moving anybody for: below, a move costs more than it evens out. */
const MIN_SURPLUS = 16;
/** So far above the mean a gateway still takes those who move, as a share or a number: counts of others are some seconds old. */
const SLACK_SHARE = 0.02;
const SLACK = 8;
/** A lease: who did not renew it says nothing any more, and neither does a view without such renewals. */
const VIEW_AGE_MS = 15_000;

/** A look reads as many leases as there are gateways, so many gateways look less often: every 5 s up to fifty of them. */
export const LOOK_PER_GATEWAY_MS = 100;

interface View {
  at: number;
  /** Connections of the other serving gateways. */
  others: ReadonlyMap<string, number>;
  draining: number;
}

/** How connections are spread over the gateways, by what all of them say with their leases. */
export class Balance {
  readonly #options: BalanceOptions;
  #view: View | undefined;
  #live = 1;

  constructor(options: BalanceOptions) {
    this.#options = options;
  }

  /** What {@link Gateways.list} says now. */
  update(gateways: ReadonlyMap<string, GatewayInfo>): void {
    const { incarnation, clock } = this.#options;
    const serving = [...gateways].filter(([, { state }]) => state === 'serving');
    const others = serving.filter(([name]) => name !== incarnation);
    this.#live = Math.max(1, gateways.size);
    this.#view = {
      at: clock.monotonic(),
      others: new Map(others.map(([name, { connections }]) => [name, connections])),
      draining: gateways.size - serving.length,
    };
  }

  /** Gateways alive when that was last known, this one included: they share the reconnect budget. */
  get gateways(): number {
    return this.#live;
  }

  /** Connections per serving gateway; undefined while that is not known, or says nothing because one is being drained. */
  get mean(): number | undefined {
    const others = this.#others();
    if (others === undefined) return undefined;
    const all = [...others.values()].reduce((sum, count) => sum + count, this.#options.own());
    return all / (others.size + 1);
  }

  /** How many connections this gateway has above the mean, when it has so many that they shall move; otherwise 0. */
  get surplus(): number {
    const { mean } = this;
    if (mean === undefined) return 0;
    const own = this.#options.own();
    const surplus = Math.floor(own - mean);
    return own > mean * SURPLUS_SHARE && surplus >= MIN_SURPLUS ? surplus : 0;
  }

  /**
   * Reconnects that one move costs: a balancer sends a client anywhere, and gateways without room send it on. At
   * least 1.
   */
  get reconnectsPerMove(): number {
    const { mean } = this;
    const others = this.#others();
    if (mean === undefined || others === undefined) return 1;
    const roomy = [...others.values()].filter((count) => count <= fullAt(mean)).length;
    return (others.size + 1) / Math.max(1, roomy);
  }

  /**
   * True when `sid` was told to move because its gateway has too many, while this one has no room either: the client
   * keeps its old socket and dials again. Never true for a session whose old socket is gone. Never rejects.
   */
  async isMoreWelcomeElsewhere(sid: string): Promise<boolean> {
    const { mean } = this;
    const others = this.#others();
    const { own, sessions, incarnation } = this.#options;
    if (mean === undefined || others === undefined || own() <= fullAt(mean)) return false;
    try {
      const stored = await sessions.get(sid);
      if (stored?.state !== 'moving') return false;
      return stored.incarnation === incarnation || others.has(stored.incarnation);
    } catch {
      return false;
    }
  }

  #others(): ReadonlyMap<string, number> | undefined {
    const { clock, enabled } = this.#options;
    const view = this.#view;
    if (view === undefined || !enabled() || view.draining > 0 || view.others.size === 0) return undefined;
    const maxAge = VIEW_AGE_MS + 2 * LOOK_PER_GATEWAY_MS * this.#live;
    return clock.monotonic() - view.at > maxAge ? undefined : view.others;
  }
}

/** Connections above which a gateway has no room for those who move. */
function fullAt(mean: number): number {
  return mean + Math.max(SLACK, mean * SLACK_SHARE);
}
