import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder of one store. */
export interface StoreFolder {
  readonly path: string;
  /** Removes a temporary folder; keeps a given one. */
  remove(): Promise<void>;
}

/** The given folder, made when missing, or a new temporary one. */
export async function storeFolder(given: string | undefined, name: string): Promise<StoreFolder> {
  if (given !== undefined) {
    const path = resolve(given);
    mkdirSync(path, { recursive: true });
    return { path, remove: () => Promise.resolve() };
  }
  const path = await mkdtemp(join(tmpdir(), `chatplatform-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
