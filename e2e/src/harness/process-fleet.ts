import type { Instance, ProgramState } from '@chatplatform/cli';
import type { Fleet, Unit } from './fleet.ts';

const HEALTH_MS = 1000;

/** The programs of one role of a platform in process mode. */
export function processFleet(instance: Instance, role: ProgramState['role']): Fleet {
  const programs = (): ProgramState[] =>
    (instance.readProcesses()?.programs ?? []).filter((program) => program.role === role);
  const signal = (unit: Unit, name: NodeJS.Signals): void => {
    const pid = programs().find((program) => program.name === unit.name)?.pid;
    if (pid === undefined) throw new Error(`${unit.name} does not run`);
    process.kill(pid, name);
  };
  return {
    list: () => Promise.all(programs().map(unitOf)),
    remove: async (unit) => signal(unit, 'SIGTERM'),
    kill9: async (unit) => signal(unit, 'SIGKILL'),
  };
}

async function unitOf(program: ProgramState): Promise<Unit> {
  return {
    name: program.name,
    incarnation: `${program.name}/${program.pid ?? 'none'}`,
    ready: program.pid !== undefined && program.admin !== undefined && (await isReady(program.admin)),
  };
}

async function isReady(admin: string): Promise<boolean> {
  try {
    const answer = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(HEALTH_MS) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
