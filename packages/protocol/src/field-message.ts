import type { z } from 'zod';

/** Own words for what is missing; everything else keeps the message of its schema. */
export function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.input === undefined && issue.code === 'invalid_type' ? 'is missing' : undefined;
}

/** `pub.cid: must be …`: the first field of `of` that is wrong. */
export function fieldMessage(of: string, error: z.ZodError): string {
  const issue = deepest(error.issues[0]);
  if (!issue) return `${of}: has a wrong form`;
  // Keys of records come from the client: cut, so that a reply stays small.
  const path = [of, ...issue.path.map((part) => String(part).slice(0, 128))].join('.');
  return `${path}: ${issue.message}`;
}

/** A record's bad key hides the reason one level down. */
function deepest(issue: z.core.$ZodIssue | undefined): { path: PropertyKey[]; message: string } | undefined {
  if (issue?.code !== 'invalid_key') return issue;
  return { path: issue.path, message: issue.issues[0]?.message ?? issue.message };
}
