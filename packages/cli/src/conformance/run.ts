import {
  mustRunAlone,
  Nonconformity,
  Scene,
  type ConformanceCase,
  type Need,
  type Stage,
} from '@chatplatform/protocol/conformance';

/** What became of one case. */
export interface CaseResult {
  readonly case: ConformanceCase;
  readonly verdict: 'ok' | 'failed' | 'not run';
  /** What was not as the page says, or what the case needs. */
  readonly why: string;
  readonly ms: number;
}

/** How to run a suite. */
export interface RunOptions {
  /** Cases at a time. */
  readonly parallel: number;
  readonly onResult: (result: CaseResult) => void;
  readonly signal: AbortSignal;
}

/** Runs cases, some beside each other; those that disturb others come last and alone. Never rejects for a case. */
export async function runSuite(
  cases: readonly ConformanceCase[],
  stage: Stage,
  options: RunOptions,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const report = (result: CaseResult): void => {
    results.push(result);
    options.onResult(result);
  };
  const together = cases.filter((each) => !mustRunAlone(each));
  const alone = cases.filter(mustRunAlone);
  await inParallel(together, options, async (each) => report(await runCase(each, stage)));
  await inParallel(alone, { ...options, parallel: 1 }, async (each) => report(await runCase(each, stage)));
  return results;
}

async function inParallel<T>(
  items: readonly T[],
  { parallel, signal }: Pick<RunOptions, 'parallel' | 'signal'>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined && !signal.aborted; item = left.shift())
      await work(item);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function runCase(each: ConformanceCase, stage: Stage): Promise<CaseResult> {
  const lacking = each.needs.filter((need) => !stage.has(need));
  if (lacking.length > 0) return { case: each, verdict: 'not run', why: wanting(lacking), ms: 0 };
  const begun = performance.now();
  const scene = new Scene(stage, each.id);
  const why = await failure(() => each.run(scene));
  const later = await failure(async () => scene.end());
  const ms = Math.round(performance.now() - begun);
  const reason = why ?? later;
  return reason === undefined
    ? { case: each, verdict: 'ok', why: '', ms }
    : { case: each, verdict: 'failed', why: reason, ms };
}

async function failure(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Nonconformity) return error.message;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

const WAYS: Record<Need, string> = {
  users: 'a key to mint tokens with (--key-file, --issuer, --audience)',
  latest: 'a namespace of the kind latest (--latest)',
  quiet: 'a namespace without presence and receipts (--quiet)',
  admin: 'the admin port of a gateway (--admin)',
};

function wanting(needs: readonly Need[]): string {
  return `needs ${needs.map((need) => WAYS[need]).join(' and ')}`;
}
