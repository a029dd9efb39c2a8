import type { Sample } from './sample.ts';
import { slopePerMinute } from './slope.ts';

/**
 * Bounds. All samples are taken between rounds, when no client is connected, so whatever rises is kept for nobody.
 * RSS of a Node process at rest varies by some percent from collection to collection: a tenth over the whole of the
 * measured time is more than that, and a leak of 1 KB per message is several times as much.
 */
export const BOUNDS = {
  /** Share of the mean by which RSS may rise over the measured time. */
  rssGrowth: 0.1,
  /** Open files and sockets more at the end than in the beginning: a reconnect to a store may be under way. */
  files: 5,
  /** The same for what keeps Node's loop going: timers of the last round, some ten more or less each time. */
  resources: 10,
};
/** Share of the samples in the beginning that do not count: code is compiled, caches fill, the heap finds its size. */
const WARM_UP = 1 / 3;

/** What became of one program. */
export interface ProgramVerdict {
  readonly name: string;
  readonly samples: number;
  /** Minutes between the first and the last sample that counts. */
  readonly minutes: number;
  /** Mean, bytes. */
  readonly rss: number;
  /** Bytes per minute. */
  readonly rssSlope: number;
  /** Mean of the heap in use, bytes. */
  readonly heap: number;
  readonly heapSlope: number;
  /** First and last number. */
  readonly files: readonly [number, number];
  readonly resources: readonly [number, number];
  readonly lagMs: number;
  readonly faults: readonly string[];
}

/** Judges the samples of one program, in the order of time. */
export function judgeSamples(name: string, all: readonly Sample[], listenerLeak: boolean): ProgramVerdict {
  const samples = all.slice(Math.floor(all.length * WARM_UP));
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) throw new Error(`there is no sample of ${name}`);
  const of = (field: keyof Sample) =>
    samples.map((sample) => ({ minutes: sample.minutes, value: sample[field] }));
  const mean = (field: keyof Sample): number =>
    samples.reduce((sum, sample) => sum + sample[field], 0) / samples.length;
  const measured = {
    name,
    samples: samples.length,
    minutes: last.minutes - first.minutes,
    rss: mean('rss'),
    rssSlope: slopePerMinute(of('rss')),
    heap: mean('heap'),
    heapSlope: slopePerMinute(of('heap')),
    files: [first.files, last.files] as const,
    resources: [first.resources, last.resources] as const,
    lagMs: Math.max(...samples.map(({ lagMs }) => lagMs)),
  };
  // By the line through all samples: the first and the last alone may be anything.
  const rise = (field: keyof Sample): number => Math.round(slopePerMinute(of(field)) * measured.minutes);
  const growth = rise('rss') / measured.rss;
  const files = rise('files');
  const resources = rise('resources');
  const faults = [
    ...(growth > BOUNDS.rssGrowth ? [`RSS rose by ${Math.round(growth * 100)} %`] : []),
    ...(files > BOUNDS.files ? [`${files} more files and sockets are open`] : []),
    ...(resources > BOUNDS.resources ? [`${resources} more handles keep the loop going`] : []),
    ...(listenerLeak ? ['Node warned of listeners that pile up'] : []),
  ];
  return { ...measured, faults };
}
