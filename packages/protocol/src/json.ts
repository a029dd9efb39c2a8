declare const serialised: unique symbol;

/** Text that is one JSON value without line breaks, so that it can be put into a frame as it is. */
export type Json = string & { readonly [serialised]: true };

/**
 * Serialises a value.
 *
 * @throws TypeError when the value has no JSON form (undefined, a function, a cycle, a bigint).
 */
export function toJson(value: unknown): Json {
  const text = JSON.stringify(value) as Json | undefined;
  if (text === undefined) throw new TypeError(`a value of type ${typeof value} has no JSON form`);
  return text;
}

/** True when `value` nests arrays and objects at most `limit` deep (a plain value is 0 deep). */
export function isWithinDepth(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (limit === 0) return false;
  return Object.values(value).every((inner) => isWithinDepth(inner, limit - 1));
}

/** Reads JSON text; `undefined` when it is not JSON (`undefined` is no JSON value). */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
