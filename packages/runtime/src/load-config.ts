import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { describeIssues } from './config-issues.ts';
import { overridesFromEnv, overridesFromFlags, type Override } from './config-overrides.ts';
import { RuntimeError } from './errors.ts';

export interface ConfigSource<T> {
  readonly schema: z.ZodType<T>;
  /** Path of a YAML or JSON file. Without one, everything comes from defaults, environment and flags. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `CHAT` makes `CHAT_LISTEN__PORT=8080` set `listen.port`; `__` goes one level down, `_` is only for reading. */
  readonly envPrefix: string;
  /** Dotted paths, strongest of all: `{ 'listen.port': '8080' }`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/**
 * The configuration of a program: file, overridden by environment, overridden by flags; checked by `schema`
 * and frozen. Called once, in `main`.
 * @throws RuntimeError `config-unreadable` or `config-invalid`; the message names every wrong field, its value,
 * where it came from and what to write.
 */
export function loadConfig<T>(source: ConfigSource<T>): Readonly<T> {
  const tree = source.file === undefined ? {} : readTree(source.file);
  const overrides = [
    ...overridesFromEnv(source.schema, source.env, source.envPrefix),
    ...overridesFromFlags(source.schema, source.flags ?? {}),
  ];
  for (const override of overrides) place(tree, override);
  const result = source.schema.safeParse(tree);
  if (!result.success) {
    throw new RuntimeError('config-invalid', describeIssues(result.error, tree, overrides, source.file));
  }
  return deepFreeze(result.data);
}

function readTree(file: string): Record<string, unknown> {
  let tree: unknown;
  try {
    tree = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RuntimeError(
      'config-unreadable',
      `configuration file ${file} cannot be read: ${why}. Give the path of a YAML or JSON file.`,
      { cause: error },
    );
  }
  if (tree === null || tree === undefined) return {};
  if (typeof tree !== 'object' || Array.isArray(tree)) {
    throw new RuntimeError(
      'config-unreadable',
      `configuration file ${file} holds ${JSON.stringify(tree)}; it must hold a mapping of fields.`,
    );
  }
  return tree as Record<string, unknown>;
}

function place(tree: Record<string, unknown>, override: Override): void {
  let node = tree;
  for (const name of override.path.slice(0, -1)) {
    const child = node[name];
    if (child === null || typeof child !== 'object') node[name] = {};
    node = node[name] as Record<string, unknown>;
  }
  node[override.path[override.path.length - 1] as string] = override.value;
}

function deepFreeze<T>(value: T): Readonly<T> {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
