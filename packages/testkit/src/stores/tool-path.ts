import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StoreError } from './store-error.ts';

const run = promisify(execFile);

/** A first run downloads: Kafka's jars took 50 s, a slow mirror may need minutes. */
const TOOL_TIMEOUT_MS = 15 * 60_000;

/** The checkout's root: the nearest folder above this file that has the tools. */
function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'tools', 'deps'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new StoreError(
        'tool-failed',
        `no tools/deps above ${import.meta.dirname}; run from a checkout of the project`,
      );
    }
    folder = parent;
  }
  return folder;
}

/**
 * Runs `tools/deps/NAME`, which fetches what is missing into the cache folder.
 *
 * @returns the path the tool prints
 * @throws {@link StoreError} `tool-failed` with the tool's own words when it cannot make it
 */
export async function toolPath(name: 'kafka' | 'redis', args: readonly string[] = []): Promise<string> {
  const tool = join(projectRoot(), 'tools', 'deps', name);
  try {
    const { stdout } = await run(tool, args, { timeout: TOOL_TIMEOUT_MS });
    return stdout.trim();
  } catch (cause) {
    const words = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : String(cause);
    throw new StoreError('tool-failed', `tools/deps/${name} failed:\n${words}`, { cause });
  }
}
