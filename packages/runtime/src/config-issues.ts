import type { z } from 'zod';
import { MASK, maskSecrets } from './mask-secrets.ts';
import type { Override } from './config-overrides.ts';

/** One paragraph per wrong field: name, value, what is expected, where to correct it. */
export function describeIssues(
  error: z.ZodError,
  tree: unknown,
  overrides: readonly Override[],
  file: string | undefined,
): string {
  const lines = error.issues.map((issue) => {
    const path = issue.path.map(String);
    const origin = overrides.find((override) => covers(override.path, path))?.origin;
    const remedy =
      origin !== undefined ? `correct ${origin}` : `set it in ${file ?? 'the configuration file'}`;
    return `  ${path.join('.') || '(whole file)'}: ${issue.message}; it is ${shown(tree, path)}. To repair: ${remedy}.`;
  });
  return `the configuration is not valid:\n${lines.join('\n')}`;
}

function covers(outer: readonly string[], inner: readonly string[]): boolean {
  return outer.every((name, index) => inner[index] === name);
}

function shown(tree: unknown, path: readonly string[]): string {
  let node = maskSecrets(tree);
  for (const name of path) {
    if (node === null || typeof node !== 'object') return 'missing';
    node = (node as Record<string, unknown>)[name];
  }
  if (node === undefined) return 'missing';
  return node === MASK ? 'set (not shown)' : JSON.stringify(node);
}
