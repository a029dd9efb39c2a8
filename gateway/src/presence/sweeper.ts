import { LEASE_MS, type Gateways, type Presence } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Differences } from './differences.ts';
import { GRACE_MS } from './presence-keeper.ts';

/** How often ended leases are looked for. */
export const SWEEP_MS = 5000;
/** After Redis was away every lease has ended: its gateways get this long to come back. */
const AFTER_OUTAGE_MS = 2 * LEASE_MS;

/** What sweeping needs. */
export interface SweeperOptions {
  gateways: Gateways;
  presence: Presence;
  differences: Differences;
  clock: Clock;
}

/** Clears what dead gateways left, and tells who went with them. Every gateway sweeps; doing it twice harms nobody. */
export class Sweeper {
  readonly #options: SweeperOptions;
  #outageEnded = Number.NEGATIVE_INFINITY;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Redis was away or may have lost leases. */
  afterOutage(): void {
    this.#outageEnded = this.#options.clock.monotonic();
  }

  /** Rejects when Redis cannot be reached; the next run tries again. */
  async run(): Promise<void> {
    const { gateways, clock } = this.#options;
    const sinceOutage = clock.monotonic() - this.#outageEnded;
    // Until leases are renewed after an outage nothing can be told from their absence.
    if (sinceOutage < AFTER_OUTAGE_MS) return;
    for (const incarnation of await gateways.ended(GRACE_MS)) await this.#sweep(incarnation);
  }

  async #sweep(incarnation: string): Promise<void> {
    const { gateways, presence, differences } = this.#options;
    const { rooms } = await gateways.sweep(incarnation);
    for (const { room, left } of rooms) {
      if (left.length === 0) continue;
      const occ = await presence.count(room);
      for (const user of left) differences.note(room, user, { here: false, occ });
    }
  }
}
