import { createHash } from 'node:crypto';

/** JSON with sorted keys and without undefined: equal values have equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** First `length` hex digits of the SHA-256 of a value's canonical text. */
export function hashOf(value: unknown, length = 64): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, length);
}

/**
 * The part of `live` that `manifest` speaks about: the same fields, with the live values. Two
 * projections differ exactly when somebody changed a field that we wrote. Lists whose entries have
 * names are matched by name (others may add entries of their own), other lists by place and length.
 */
export function projection(live: unknown, manifest: unknown): unknown {
  if (Array.isArray(manifest)) return Array.isArray(live) ? projectList(live, manifest) : live;
  if (!isRecord(manifest) || !isRecord(live)) return live;
  return Object.fromEntries(
    Object.entries(manifest)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, projection(live[key], value)]),
  );
}

function projectList(live: unknown[], manifest: unknown[]): unknown {
  if (manifest.length > 0 && manifest.every(isNamed)) {
    return manifest.map((entry) =>
      projection(
        live.find((candidate) => isNamed(candidate) && candidate.name === entry.name),
        entry,
      ),
    );
  }
  if (live.length !== manifest.length) return live;
  return manifest.map((entry, index) => projection(live[index], entry));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamed(value: unknown): value is { name: string } {
  return isRecord(value) && typeof value['name'] === 'string';
}
