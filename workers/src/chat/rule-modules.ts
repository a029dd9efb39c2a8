import { pathToFileURL } from 'node:url';
import { WorkerError } from '../errors.ts';
import type { Rule } from './rules.ts';

/**
 * Loads rules of the platform's owner: each file is an ES module whose default export is a {@link Rule}.
 *
 * @throws WorkerError `start` that names the module and what is wrong with it: a platform that should be moderated and
 * is not must not run.
 */
export async function loadRules(files: readonly string[]): Promise<Rule[]> {
  return Promise.all(files.map((file) => loadRule(file)));
}

async function loadRule(file: string): Promise<Rule> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    throw new WorkerError('start', `the rule ${file} cannot be loaded: ${String(error)}`, { cause: error });
  }
  if (isRule(module.default)) return module.default;
  throw new WorkerError(
    'start',
    `the rule ${file} exports no rule; write: export default { name: 'words', judge: (messages) => [...] }`,
  );
}

function isRule(value: unknown): value is Rule {
  if (typeof value !== 'object' || value === null) return false;
  const { name, judge } = value as Partial<Record<keyof Rule, unknown>>;
  return typeof name === 'string' && name !== '' && typeof judge === 'function';
}
