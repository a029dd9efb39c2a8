import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '@chatplatform/runtime';

/** Editors write a file in several steps; a formatter run touches many. */
const SETTLE_MS = 150;
/** What programs are made of. Tests and build output are not. */
const SOURCE = /\.(ts|lua|css|html|json)$/;
const IGNORED = /(^|\/)(dist|node_modules|\.[^/]*)\/|\.test\.ts$|\.tsbuildinfo$/;

/** Calls `onChange` with the changed files, relative to `root`, once they have come to rest. */
export function watchSources(
  root: string,
  folders: readonly string[],
  onChange: (files: readonly string[]) => void,
  clock: Clock,
): { close(): void } {
  const changed = new Set<string>();
  let timer: Timer | undefined;
  const flush = (): void => {
    const files = [...changed];
    changed.clear();
    onChange(files);
  };
  const watchers: FSWatcher[] = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, file) => {
      if (file === null || !isSource(file)) return;
      changed.add(`${folder}/${file}`);
      timer?.cancel();
      timer = clock.setTimeout(flush, SETTLE_MS);
    }),
  );
  return {
    close: () => {
      timer?.cancel();
      for (const each of watchers) each.close();
    },
  };
}

/** Whether a changed file can change a program. */
export function isSource(file: string): boolean {
  return SOURCE.test(file) && !IGNORED.test(file);
}
