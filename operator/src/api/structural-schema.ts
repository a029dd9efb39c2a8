/** A node of a JSON schema, as Zod writes it and as Kubernetes reads it. */
export type SchemaNode = Record<string, unknown>;

// Zod writes the safe-integer bounds on every integer without bounds of its own.
const UNBOUNDED = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
// Kubernetes forbids these in a structural schema, or Zod writes them for itself.
const FORBIDDEN = ['oneOf', 'allOf', 'not', 'patternProperties', '$ref', 'nullable'];

/**
 * Turns the JSON schema of a Zod object into a structural schema of Kubernetes.
 * @throws {Error} naming the field, when the schema says something a CRD cannot say, or leaves a
 * string, list or map unbounded (the cost of CEL rules is estimated from the bounds).
 */
export function structural(node: SchemaNode, path = 'resource'): SchemaNode {
  for (const word of FORBIDDEN) {
    if (word in node)
      throw new Error(`${path}: a CRD cannot hold "${word}"; write the Zod schema without it`);
  }
  if (node['x-kubernetes-int-or-string'] === true) return intOrString(node);
  if ('anyOf' in node)
    throw new Error(`${path}: a CRD cannot hold a union; use an object with optional parts and a rule`);
  const result = withoutNoise(node);
  requireBound(result, path);
  if (isNode(result['properties'])) {
    delete result['additionalProperties'];
    result['properties'] = mapEntries(result['properties'], (child, key) =>
      structural(child, `${path}.${key}`),
    );
  } else if (isNode(result['additionalProperties'])) {
    result['additionalProperties'] = structural(result['additionalProperties'], `${path}.*`);
  }
  if (isNode(result['items'])) result['items'] = structural(result['items'], `${path}[]`);
  if ('default' in result) result['default'] = completed(result, result['default']);
  return result;
}

/** A default with the defaults inside it: the API server evaluates rules on it as it is written. */
function completed(node: SchemaNode, value: unknown): unknown {
  const properties = node['properties'];
  if (!isNode(properties) || !isNode(value)) return value;
  const parts = Object.entries(properties).flatMap(([key, child]) => {
    const given = key in value ? value[key] : child['default'];
    return given === undefined ? [] : [[key, completed(child, given)]];
  });
  return Object.fromEntries(parts) as unknown;
}

function intOrString(node: SchemaNode): SchemaNode {
  const { anyOf: _parts, type: _type, ...rest } = node;
  return rest;
}

function withoutNoise(node: SchemaNode): SchemaNode {
  return Object.fromEntries(
    Object.entries(node).filter(
      ([key, value]) =>
        key !== 'propertyNames' &&
        key !== 'id' &&
        !((key === 'minimum' || key === 'maximum') && UNBOUNDED.has(value as number)),
    ),
  );
}

function requireBound(node: SchemaNode, path: string): void {
  const bounded: Record<string, boolean> = {
    string: 'maxLength' in node || 'enum' in node,
    array: 'maxItems' in node,
    object: 'properties' in node || 'maxProperties' in node,
  };
  if (bounded[node['type'] as string] === false) {
    throw new Error(`${path}: has no upper bound; give it .max(n) or meta maxProperties`);
  }
}

function isNode(value: unknown): value is SchemaNode & Record<string, SchemaNode> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mapEntries<V, W>(
  record: Record<string, V>,
  change: (value: V, key: string) => W,
): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
