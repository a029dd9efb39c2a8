import type { Clock } from '@chatplatform/runtime';
import { GOING_MS } from '../online/online.ts';
import { LEASE_MS, type Gateways } from './gateways.ts';

/** How often ended leases are looked for, ms. */
export const LEASE_SWEEP_MS = 5_000;
/** After Redis was away every lease has ended: its gateways get this long to come back, ms. */
const AFTER_OUTAGE_MS = 2 * LEASE_MS;

/** What sweeping needs. */
export interface LeaseSweepOptions {
  readonly gateways: Gateways;
  readonly clock: Clock;
  /** Tells that these users (at least one) left a room with a dead gateway. Only the process that cleared it is asked to. */
  readonly tell: (room: string, left: readonly string[]) => Promise<void>;
}

/** Clears what dead gateways left. Any number of processes may sweep: a room is cleared by one of them. */
export class LeaseSweep {
  readonly #options: LeaseSweepOptions;
  #outageEnded = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseSweepOptions) {
    this.#options = options;
  }

  /** Redis was away or may have lost leases. */
  afterOutage(): void {
    this.#outageEnded = this.#options.clock.monotonic();
  }

  /** Rejects when Redis cannot be reached or `tell` fails; the next run goes on. */
  async run(): Promise<void> {
    const { gateways, clock, tell } = this.#options;
    // Until leases are renewed after an outage nothing can be told from their absence.
    if (clock.monotonic() - this.#outageEnded < AFTER_OUTAGE_MS) return;
    for (const incarnation of await gateways.ended(GOING_MS)) {
      const { rooms } = await gateways.sweep(incarnation);
      for (const { room, left } of rooms) if (left.length > 0) await tell(room, left);
    }
  }
}
