import { parse } from 'yaml';
import type { z } from 'zod';

/** One field set from outside the file. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The variable or flag it came from, for messages. */
  readonly origin: string;
}

/** What this code needs to know of a Zod schema's inside. */
interface SchemaNode {
  readonly type: string;
  readonly shape?: Record<string, z.ZodType>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/**
 * The overrides in the environment. A variable whose first part names no field is none of ours and ignored
 * (Kubernetes puts addresses of Services into the environment under names we do not choose).
 */
export function overridesFromEnv(
  schema: z.ZodType,
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
): Override[] {
  const found: Override[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(`${prefix}_`)) continue;
    const parts = name.slice(prefix.length + 1).split('__');
    if (fieldNamed(schema, parts[0] as string) !== undefined) found.push(resolve(schema, parts, text, name));
  }
  return found;
}

/** The overrides given as `--a.b value`. */
export function overridesFromFlags(
  schema: z.ZodType,
  flags: Readonly<Record<string, string | undefined>>,
): Override[] {
  return Object.entries(flags).flatMap(([name, text]) =>
    text === undefined ? [] : [resolve(schema, name.split('.'), text, `--${name}`)],
  );
}

function resolve(schema: z.ZodType, parts: readonly string[], text: string, origin: string): Override {
  const path: string[] = [];
  let node: z.ZodType | undefined = schema;
  for (const part of parts) {
    const name: string = fieldNamed(node, part) ?? camelCase(part);
    path.push(name);
    node = node === undefined ? undefined : unwrap(node).shape?.[name];
  }
  return { path, value: valueFor(node, text), origin };
}

/** Text for a text field stays as it is; everything else is read as YAML, so numbers, booleans and [lists] work. */
function valueFor(node: z.ZodType | undefined, text: string): unknown {
  if (node !== undefined && ['string', 'enum', 'literal'].includes(unwrap(node).type)) return text;
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

function fieldNamed(node: z.ZodType | undefined, part: string): string | undefined {
  if (node === undefined) return undefined;
  const wanted = plain(part);
  return Object.keys(unwrap(node).shape ?? {}).find((name) => plain(name) === wanted);
}

function unwrap(schema: z.ZodType): SchemaNode {
  const node: SchemaNode = schema.def;
  const inner = node.innerType ?? node.in;
  return inner === undefined ? node : unwrap(inner);
}

function plain(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase();
}

function camelCase(part: string): string {
  return part.toLowerCase().replaceAll(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
