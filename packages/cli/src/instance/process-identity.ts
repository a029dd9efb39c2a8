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
  return startTime(identity.pid) === identity.started && !hasEnded(identity.pid);
}

function startTime(pid: number): number {
  const fields = statFields(pid);
  return fields === undefined ? 0 : Number(fields[START_FIELD]);
}

/** A process that ended and was not waited for keeps its number, and its entry in /proc says Z. */
function hasEnded(pid: number): boolean {
  const state = statFields(pid)?.[0];
  return state === 'Z' || state === 'X';
}

/** The fields from the third (the state) on; undefined where there is no /proc or no such process. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
