import { loopUtilization } from '@chatplatform/runtime';
import { createAdminServer } from '@chatplatform/telemetry';
import { authentication } from './auth/authentication.ts';
import { Lane, type LanePorts } from './publish/lane.ts';
import { listen } from './server/server.ts';

/** What a gateway has from the machine it runs on; the simulation puts its own in place. */
export interface Host {
  readonly listen: typeof listen;
  readonly listenAdmin: typeof createAdminServer;
  readonly authenticate: typeof authentication;
  /** The lane of a client and room, on its ways to the log. */
  readonly lane: (ports: LanePorts) => Lane;
  /** Runs `fn` at the end of this turn of the event loop. */
  readonly soon: (fn: () => void) => void;
  /** Share of time (0..1) the event loop was busy since the last call. */
  readonly utilization: () => number;
  /** Whether to measure the process itself too (memory, CPU, event loop). */
  readonly processMetrics: boolean;
}

/** The machine this process runs on. */
export function thisMachine(): Host {
  return {
    listen,
    listenAdmin: createAdminServer,
    authenticate: authentication,
    lane: (ports) => new Lane(ports),
    soon: (fn) => void setImmediate(fn),
    utilization: loopUtilization(),
    processMetrics: true,
  };
}
