import { z } from 'zod';

/** A JSON Schema, as far as the reference reads it. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** `input`: as a client may send it. `output`: as a gateway sends it. */
export type Direction = 'input' | 'output';

/** The JSON Schema of a Zod schema; fields that are not named are ignored by both sides, so none are forbidden. */
export function schemaOf(schema: z.ZodType, io: Direction): SchemaNode {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return JSON.parse(
    JSON.stringify(rest, (key, value: unknown) => (isNoise(key, value) ? undefined : value)),
  ) as SchemaNode;
}

function isNoise(key: string, value: unknown): boolean {
  if (key === 'additionalProperties') return value === false;
  // What Zod calls a whole number JSON calls a safe integer.
  return (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

/** The schemas of a table, by name. */
export function schemasOf(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: Direction,
): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, schemaOf(schema, io)]));
}
