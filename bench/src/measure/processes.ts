import { readFileSync } from 'node:fs';

/** Ticks per second of /proc on Linux: fixed for user space whatever the kernel was built with. */
const TICKS = 100;
/** Fields of /proc/PID/stat behind the name of the program. */
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const KB = 1024;

/** CPU seconds a process has used, in all its threads, in user space and in the kernel. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS;
}

/** Bytes of memory a process holds. */
export function rssBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * KB;
}

/** Names of programs with what each has used. */
export type Cpu = Readonly<Record<string, number>>;

/** CPU seconds of each process now; subtract an earlier one. */
export function cpuOf(pids: Readonly<Record<string, readonly number[]>>): Cpu {
  const sum = (list: readonly number[]): number => list.reduce((total, pid) => total + cpuSeconds(pid), 0);
  return Object.fromEntries(Object.entries(pids).map(([name, list]) => [name, sum(list)]));
}

/** What was used between two readings. */
export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
}
