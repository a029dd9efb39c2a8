import type { Crew } from './crew.ts';
import type { Batch, Finding, Findings } from './findings.ts';

/** Seeds in a batch: a second or two of work, so that all processes end at about the same time. */
const BATCH = 50;
/** The same where the first find ends it: what others still have under way then is of no use. */
const SMALL_BATCH = 10;

/** What many seeds brought. */
export interface Outcome {
  readonly runs: number;
  /** By seed. */
  readonly unclean: readonly Finding[];
  /** Resident memory of a process after its first batch and after its last one, MB; the most of all processes. */
  readonly residentMb: { readonly first: number; readonly last: number };
}

/** Who is told what, while it goes on. */
export interface Listeners {
  readonly onFound?: (finding: Finding) => void;
  /** After each batch, with the seeds run so far. */
  readonly onRan?: (runs: number) => void;
}

/**
 * Runs many seeds with a crew. With `stop` no batch is begun after one that is not clean, and of what was found only
 * the lowest seed counts.
 */
export async function campaign(
  crew: Crew,
  whole: Batch,
  { onFound, onRan }: Listeners = {},
): Promise<Outcome> {
  const unclean: Finding[] = [];
  const first: number[] = [];
  const last: number[] = [];
  const size = whole.stop ? SMALL_BATCH : BATCH;
  let next = whole.from;
  let runs = 0;
  const take = (findings: Findings): void => {
    runs += findings.runs;
    for (const finding of findings.unclean) onFound?.(finding);
    unclean.push(...findings.unclean);
    onRan?.(runs);
  };
  const work = async (at: number): Promise<void> => {
    while (next <= whole.to && !(whole.stop && unclean.length > 0)) {
      const from = next;
      next += size;
      const findings = await crew.run({ ...whole, from, to: Math.min(whole.to, from + size - 1) });
      take(findings);
      first[at] ??= findings.residentMb;
      last[at] = findings.residentMb;
    }
  };
  await Promise.all(Array.from({ length: crew.size }, (_, at) => work(at)));
  unclean.sort((a, b) => a.seed - b.seed);
  return {
    runs,
    unclean: whole.stop ? unclean.slice(0, 1) : unclean,
    residentMb: { first: Math.max(0, ...first), last: Math.max(0, ...last) },
  };
}
