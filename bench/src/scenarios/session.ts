import { setTimeout } from 'node:timers/promises';
import type { Arrival, CrowdPlan } from '../load/crowd.ts';
import { LoadProcess } from '../load/load-process.ts';
import type { RunningTarget, StartOptions, Target } from '../targets/target.ts';

/** A crowd to be brought together. */
export interface SessionPlan extends Pick<CrowdPlan, 'rooms' | 'count'> {
  /** New connections per second: below what any of the servers can take. Default 1 000. */
  readonly perSecond?: number;
  readonly start?: StartOptions;
  /** Told when the server runs and nobody is connected yet. */
  readonly onStarted?: (running: RunningTarget) => void;
}

/** A started target with a connected crowd. */
export interface Session {
  readonly running: RunningTarget;
  readonly load: LoadProcess;
  readonly arrival: Arrival;
}

const ARRIVALS_PER_SECOND = 1000;
/** Start-up work of a server (compilation, first connections to stores) is over. */
const START_QUIET_MS = 1500;

/** Starts `target`, connects the crowd, gives both to `measure`, and ends both whatever happens. */
export async function inSession<T>(
  target: Target,
  plan: SessionPlan,
  measure: (session: Session) => Promise<T>,
): Promise<T> {
  const running = await target.start(plan.start);
  const load = new LoadProcess();
  try {
    await setTimeout(START_QUIET_MS);
    plan.onStarted?.(running);
    const arrival = await load.assemble({
      dialect: target.dialect,
      key: running.key,
      ports: running.ports,
      rooms: plan.rooms,
      count: plan.count,
      ...(running.log !== undefined && { log: running.log }),
      perSecond: plan.perSecond ?? ARRIVALS_PER_SECOND,
    });
    return await measure({ running, load, arrival });
  } finally {
    await load.close();
    await running.stop();
  }
}
