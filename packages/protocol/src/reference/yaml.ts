const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Writes a JSON value as YAML: block style for what has content, JSON for scalars (YAML 1.2 includes it). */
export function toYaml(value: unknown): string {
  return `${block(value, 0)}\n`;
}

function block(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value) && value.length > 0) {
    return value.map((entry) => `${indent}- ${block(entry, depth + 1).trimStart()}`).join('\n');
  }
  if (isFilled(value)) {
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => `${indent}${keyOf(key)}:${placed(inner, depth + 1)}`)
      .join('\n');
  }
  return JSON.stringify(value);
}

function placed(value: unknown, depth: number): string {
  const nested = (Array.isArray(value) && value.length > 0) || isFilled(value);
  return nested ? `\n${block(value, depth)}` : ` ${block(value, depth)}`;
}

function isFilled(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

function keyOf(key: string): string {
  return PLAIN_KEY.test(key) ? key : JSON.stringify(key);
}
