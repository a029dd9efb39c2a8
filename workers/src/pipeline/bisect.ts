import { isInfrastructure } from './infrastructure.ts';

/** Tries of a single record before it counts as poison: an error that comes and goes is no property of the record. */
export const ATTEMPTS = 3;

/** What a batch-wise function gave for one item. */
export type Judged<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown; readonly attempts: number };

/**
 * Runs a batch-wise function so that an item it throws on costs only itself: a failing batch is halved,
 * in order, down to the item. Infrastructure errors are passed on, they end the whole call.
 *
 * @param judge returns one value per item, in order.
 */
export async function bisect<T, R>(
  items: readonly T[],
  judge: (items: readonly T[]) => Promise<readonly R[]> | readonly R[],
): Promise<Judged<R>[]> {
  if (items.length === 0) return [];
  const result = await attempt(items, judge);
  if (result.ok) return result.values.map((value) => ({ ok: true, value }));
  if (items.length === 1) return [await lastTries(items, judge, result.error)];
  const middle = Math.floor(items.length / 2);
  const left = await bisect(items.slice(0, middle), judge);
  const right = await bisect(items.slice(middle), judge);
  return [...left, ...right];
}

type Attempt<R> = { ok: true; values: readonly R[] } | { ok: false; error: unknown };

async function attempt<T, R>(
  items: readonly T[],
  judge: (items: readonly T[]) => Promise<readonly R[]> | readonly R[],
): Promise<Attempt<R>> {
  try {
    const values = await judge(items);
    if (values.length === items.length) return { ok: true, values };
    const error = new RangeError(
      `a rule gave ${values.length} verdicts for ${items.length} messages; give one each, in order`,
    );
    return { ok: false, error };
  } catch (error) {
    if (isInfrastructure(error)) throw error;
    return { ok: false, error };
  }
}

async function lastTries<T, R>(
  items: readonly T[],
  judge: (items: readonly T[]) => Promise<readonly R[]> | readonly R[],
  first: unknown,
): Promise<Judged<R>> {
  let error = first;
  for (let tries = 1; tries < ATTEMPTS; tries += 1) {
    const result = await attempt(items, judge);
    if (result.ok) return { ok: true, value: result.values[0] as R };
    error = result.error;
  }
  return { ok: false, error, attempts: ATTEMPTS };
}
