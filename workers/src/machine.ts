import { loopUtilization, systemClock, systemRandom, type Clock, type Random } from '@chatplatform/runtime';
import { createAdminServer } from '@chatplatform/telemetry';

/** What a worker has from the machine it runs on; the simulation puts its own in place. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  /** Share of time (0..1) the event loop was busy since the last call. */
  readonly utilization: () => number;
  /** Calls webhooks. */
  readonly fetch: typeof fetch;
  /** Opens the admin port. */
  readonly listenAdmin: typeof createAdminServer;
}

/** The machine this process runs on, where nothing else is given. */
export function machineOf(given: Partial<Machine>): Machine {
  return {
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
    utilization: given.utilization ?? loopUtilization(),
    fetch: given.fetch ?? fetch,
    listenAdmin: given.listenAdmin ?? createAdminServer,
  };
}
