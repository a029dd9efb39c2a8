import type { ConformanceRow } from './rows.ts';
import type { Scene } from './scene.ts';
import type { Need } from './stage.ts';

/** One case of the suite. */
export interface ConformanceCase {
  /** Short, stable, unique: lower case and dashes. */
  readonly id: string;
  /** What must be so, as a sentence. */
  readonly title: string;
  /** Rows of the page that it exercises. */
  readonly rows: readonly ConformanceRow[];
  readonly needs: readonly Need[];
  /** Rejects when it is not so. */
  readonly run: (scene: Scene) => Promise<void>;
}

/** Declares a case that needs tokens of its own users, as nearly all do. */
export function conformanceCase(
  id: string,
  title: string,
  rows: readonly ConformanceRow[],
  run: ConformanceCase['run'],
): ConformanceCase {
  return { id, title, rows, needs: ['users'], run };
}

/** The same case, which one token is enough for. */
export function withOneToken(plain: ConformanceCase): ConformanceCase {
  return { ...plain, needs: plain.needs.filter((need) => need !== 'users') };
}

/** The same case for platforms that have `need`. */
export function needing(need: Need, plain: ConformanceCase): ConformanceCase {
  return { ...plain, needs: [...plain.needs, need] };
}
