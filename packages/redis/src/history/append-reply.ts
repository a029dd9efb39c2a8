import type { ScriptReply } from '../connection/script.ts';
import type { AppendResult, AppendVerdict, Verdict } from './history.ts';

const VERDICTS: Readonly<Record<string, Verdict>> = {
  a: 'appended',
  r: 'present',
  d: 'duplicate',
  x: 'decided',
};

/** Reads what append.lua and latest.lua return. */
export function readAppendReply(reply: ScriptReply, messages: readonly { id: string }[]): AppendResult {
  const [behind, head, routes, flat] = reply as [number, string, string[], string[]];
  if (behind === 1) return { behind: true, head };
  const verdicts = messages.map((message, at): AppendVerdict => {
    const verdict = VERDICTS[flat[2 * at] as string] as Verdict;
    return { id: message.id, p: flat[2 * at + 1] as string, verdict };
  });
  return { behind: false, verdicts, head, routes };
}

/** Joins the results of the runs of one batch; the first that is behind ends it. */
export async function joinRuns<R>(
  runs: readonly R[],
  apply: (run: R) => Promise<AppendResult>,
): Promise<AppendResult> {
  const verdicts: AppendVerdict[] = [];
  let last: AppendResult | undefined;
  for (const run of runs) {
    last = await apply(run);
    if (last.behind) return last;
    verdicts.push(...last.verdicts);
  }
  return { ...(last as Extract<AppendResult, { behind: false }>), verdicts };
}
