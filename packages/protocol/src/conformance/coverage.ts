import { provenElsewhere } from './elsewhere.ts';
import { pageRows, type ConformanceRow } from './rows.ts';
import { conformanceSuite } from './suite.ts';

/** Cases of every row of the page. */
export function casesByRow(): ReadonlyMap<ConformanceRow, readonly string[]> {
  const cases = new Map<ConformanceRow, string[]>(pageRows().map((row) => [row, []]));
  for (const { id, rows } of conformanceSuite) for (const row of rows) cases.get(row)?.push(id);
  return cases;
}

/** Rows of cases and proofs that the page does not have, and rows of the page that have neither. */
export function coverageFaults(): string[] {
  const known = new Set<string>(pageRows());
  const named = [...conformanceSuite.flatMap(({ rows }) => rows), ...Object.keys(provenElsewhere)];
  const strange = [...new Set(named)]
    .filter((row) => !known.has(row))
    .map((row) => `the page has no row ${row}`);
  const bare = [...casesByRow()]
    .filter(([row, cases]) => cases.length === 0 && provenElsewhere[row] === undefined)
    .map(([row]) => `${row} has neither a case nor a proof`);
  return [...strange, ...bare];
}

/** docs/protocol/conformance/coverage.md. @throws Error when a row is covered by nothing */
export function coveragePage(): string {
  const faults = coverageFaults();
  if (faults.length > 0) throw new Error(`the conformance suite has holes:\n  ${faults.join('\n  ')}`);
  const rows = [...casesByRow()].map(([row, cases]) => `| \`${row}\` | ${proofOf(row, cases)} |`);
  const covered = [...casesByRow().values()].filter((cases) => cases.length > 0).length;
  return `# Coverage of the protocol page

Generated from packages/protocol/src/conformance by \`tools/verify --write\`. Every row of [cp1.md](../cp1.md) with the cases of the suite
(\`chatctl conformance\`) that exercise it, or the test that proves what no client can provoke. ${conformanceSuite.length} cases;
${rows.length} rows: ${covered} with cases, ${rows.length - covered} proven elsewhere.

\`op:join\` = it works, \`op:join!103\` = it is refused so.

| row | cases, or proof |
|---|---|
${rows.join('\n')}
`;
}

function proofOf(row: ConformanceRow, cases: readonly string[]): string {
  if (cases.length > 0) return [...new Set(cases)].map((id) => `\`${id}\``).join(', ');
  const proof = provenElsewhere[row];
  return proof === undefined ? '' : `not from outside (${proof.why}): \`${proof.file}\`, "${proof.test}"`;
}
