/**
 * Marks a branch the types say cannot be reached, so that a new member of a union fails to compile where it
 * is not handled. Throws with the value when reached after all (data from outside that lied about its type).
 */
export function assertNever(value: never, what = 'value'): never {
  throw new TypeError(`unexpected ${what}: ${JSON.stringify(value)}`);
}
