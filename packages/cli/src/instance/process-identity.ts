import { readFileSync } from 'node:fs';

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (Linux); 0 where it cannot be read. */
  readonly started: number;
}

/** Field 22 of /proc/PID/stat, counted after the command's closing parenthesis, which ends field 2. */
const START_FIELD = 22 - 3;

/** Who this process, or process `pid`, is. */
export function identify(pid: number = process.pid): ProcessIdentity {
  return { pid, started: startTime(pid) };
}

/** True while exactly that process runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startTime(identity.pid) === identity.started;
}

function startTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD]);
  } catch {
    return 0;
  }
}
