/** The platform does not do what the page says. */
export class Nonconformity extends Error {
  override readonly name = 'Nonconformity';
}

/** @throws Nonconformity with `sentence` unless `condition` holds. */
export function demand(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Nonconformity(sentence);
}

/** @throws Nonconformity unless both are the same JSON. */
export function demandEqual(seen: unknown, wanted: unknown, what: string): void {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(wanted)];
  demand(left === right, `${what}: expected ${shown(right)}, got ${shown(left)}`);
}

/** Text for a message: one line, bounded. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return (text ?? 'nothing').slice(0, 400);
}
