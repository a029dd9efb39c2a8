import { pageRows, provenElsewhere, type ConformanceRow } from '@chatplatform/protocol/conformance';
import type { CaseResult } from './run.ts';

/** What became of one row of the page. */
export type RowVerdict = 'ok' | 'FAILED' | 'not run' | 'elsewhere' | 'not asked';

/** A run, row by row. */
export interface Report {
  readonly lines: readonly string[];
  readonly summary: string;
  readonly failed: number;
}

const WIDTH = 34;

/** Judges every row of the protocol page by the cases that exercise it: one that failed fails the row. */
export function reportOf(results: readonly CaseResult[], seconds: number): Report {
  const rows = pageRows().map((row) => ({ row, ...verdictOf(row, results) }));
  const asked = rows.filter(({ verdict }) => verdict !== 'not asked');
  const count = (wanted: RowVerdict): number => rows.filter(({ verdict }) => verdict === wanted).length;
  const failed = results.filter(({ verdict }) => verdict === 'failed');
  const ran = results.filter(({ verdict }) => verdict !== 'not run');
  return {
    lines: [
      ...asked.map(({ row, verdict, detail }) =>
        `${verdict.padEnd(10)} ${row.padEnd(WIDTH)} ${detail}`.trimEnd(),
      ),
      ...failed.flatMap(({ case: { id, title }, why }) => ['', `FAILED ${id}: ${title}`, `  ${why}`]),
    ],
    summary:
      `conformance: ${count('ok')} rows ok, ${count('FAILED')} failed, ${count('not run')} not run, ` +
      `${count('elsewhere')} not provokable from outside; ${ran.length - failed.length} of ${ran.length} cases passed in ${seconds} s`,
    failed: failed.length,
  };
}

function verdictOf(
  row: ConformanceRow,
  results: readonly CaseResult[],
): { verdict: RowVerdict; detail: string } {
  const cases = results.filter((result) => result.case.rows.includes(row));
  const failed = cases.filter(({ verdict }) => verdict === 'failed');
  if (failed.length > 0)
    return { verdict: 'FAILED', detail: failed.map((result) => result.case.id).join(' ') };
  const ok = cases.filter(({ verdict }) => verdict === 'ok');
  if (ok.length > 0) return { verdict: 'ok', detail: `${ok.length} ${ok.length === 1 ? 'case' : 'cases'}` };
  if (cases.length > 0) return { verdict: 'not run', detail: cases[0]?.why ?? '' };
  const proof = provenElsewhere[row];
  return proof === undefined
    ? { verdict: 'not asked', detail: '' }
    : { verdict: 'elsewhere', detail: proof.why };
}
