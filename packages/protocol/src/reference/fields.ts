import type { SchemaNode } from './schema.ts';

/** One field of a body, as a table shows it. */
export interface Field {
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** The fields of an object, those of objects inside it behind it. */
export function fieldsOf(node: SchemaNode, prefix = ''): Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    const required = node.required?.includes(name) ?? false;
    const field = { path, type: typeOf(inner), required, description: describe(inner) };
    return [field, ...inside(path, inner)];
  });
}

function inside(path: string, node: SchemaNode): Field[] {
  if (node.properties !== undefined) return fieldsOf(node, `${path}.`);
  if (node.items?.properties !== undefined) return fieldsOf(node.items, `${path}[].`);
  if (node.additionalProperties?.properties !== undefined)
    return fieldsOf(node.additionalProperties, `${path}.<room>.`);
  return [];
}

function describe(node: SchemaNode): string {
  const text = node.description ?? '';
  return node.default === undefined ? text : `${text} Default \`${JSON.stringify(node.default)}\`.`;
}

/** A type in words. */
export function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (node.prefixItems !== undefined) return `[${node.prefixItems.map(typeOf).join(', ')}]`;
  if (node.items !== undefined) return `list of ${typeOf(node.items)}${bounds('', node.maxItems)}`;
  if (node.additionalProperties !== undefined) return `object: ${typeOf(node.additionalProperties)} by name`;
  if (node.anyOf !== undefined) return 'object';
  return plainTypeOf(node);
}

function plainTypeOf(node: SchemaNode): string {
  switch (node.type) {
    case 'string':
      return `text${bounds(node.minLength ?? '', node.maxLength)}`;
    case 'integer':
    case 'number':
      return `${node.type}${bounds(node.minimum ?? '', node.maximum)}`;
    case undefined:
      return 'any JSON';
    default:
      return node.type;
  }
}

function bounds(low: number | '', high: number | undefined): string {
  if (high !== undefined) return low === '' || low === 0 ? `, at most ${high}` : ` ${low}-${high}`;
  return '';
}

/** A table of fields in Markdown. */
export function fieldTable(fields: readonly Field[]): string {
  if (fields.length === 0) return 'No fields: `{}`.';
  const rows = fields.map(
    ({ path, type, required, description }) =>
      `| \`${path}\` | ${type} | ${required ? 'yes' : ''} | ${description} |`,
  );
  return ['| field | type | always | meaning |', '|---|---|---|---|', ...rows].join('\n');
}
