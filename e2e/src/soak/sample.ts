import { readdir, readFile } from 'node:fs/promises';
import { readMetrics } from '../chaos/metric.ts';
import type { ProgramProcess } from '../harness/program-process.ts';

/** How one program is at one moment. */
export interface Sample {
  readonly minutes: number;
  /** Bytes. */
  readonly rss: number;
  /** Bytes in use on V8's heap, garbage included. */
  readonly heap: number;
  /** Open files and sockets of the process, as the kernel counts them. */
  readonly files: number;
  /** Timers, sockets and requests that keep Node's loop going. */
  readonly resources: number;
  /** Milliseconds that the event loop was late in the 99th percentile, since the last sample. */
  readonly lagMs: number;
}

/** Measures a program from outside and by its own metrics. */
export async function takeSample(program: ProgramProcess, minutes: number): Promise<Sample> {
  const { admin, pid } = program;
  const [metrics, files] = await Promise.all([readMetrics(admin), readdir(`/proc/${pid}/fd`)]);
  return {
    minutes,
    rss: metrics.sum('process_resident_memory_bytes'),
    heap: metrics.sum('nodejs_heap_size_used_bytes'),
    files: files.length,
    resources: metrics.sum('nodejs_active_resources_total'),
    lagMs: metrics.sum('nodejs_eventloop_lag_p99_seconds') * 1000,
  };
}

/** Node's warning that one emitter has more than ten listeners for one event. */
const LEAK_WARNING = 'MaxListenersExceededWarning';

/** Whether Node warned in the program's log of listeners that pile up. */
export async function hasListenerLeak(program: ProgramProcess): Promise<boolean> {
  return (await readFile(program.logFile, 'utf8')).includes(LEAK_WARNING);
}
