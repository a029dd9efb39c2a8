import type { Verdict } from './verdict.ts';

/** Violations listed after the first one. */
const LISTED = 10;

/** The verdict for people: counts, then the first counter-example with its history, and how to replay the run. */
export function formatVerdict(verdict: Verdict, seed: number): string {
  const { counts } = verdict;
  const lines = [
    `checker: ${verdict.clean ? 'clean' : summary(verdict)}`,
    `  seed ${seed}; ${counts.clients} clients in ${counts.rooms} rooms; sent ${counts.sent}, acked ${counts.acked}` +
      ` (${counts.ackedAgain} of them resends already in the log), failed ${counts.failed},` +
      ` received ${counts.received}, continuity lost ${counts.continuityLost}`,
  ];
  const [first, ...others] = verdict.violations;
  if (first === undefined) return lines.join('\n');
  lines.push(
    `  first: ${first.kind} in room ${first.room}: ${first.client} ${first.message}`,
    ...verdict.excerpt.map((line) => `    ${line}`),
  );
  for (const other of others.slice(0, LISTED)) {
    lines.push(`  then:  ${other.kind} in room ${other.room}: ${other.client} ${other.message}`);
  }
  lines.push(`  replay the same traffic with seed ${seed}`);
  return lines.join('\n');
}

function summary(verdict: Verdict): string {
  const parts = Object.entries(verdict.broken).map(([kind, count]) => `${kind} ${count}`);
  return `VIOLATED (${parts.join(', ')})`;
}
