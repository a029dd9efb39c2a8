import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The checkout. */
export const root = resolve(import.meta.dirname, '../../..');
/** `kubectl get -o json` of a namespace. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** A first `tools/up` builds Kubernetes and the images. */
const TIMEOUT_MS = 30 * 60_000;

/** Runs a tool of the checkout and gives back its standard output. @throws with the tool's own words */
export async function run(tool: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await execute(resolve(root, tool), args, {
      cwd: root,
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: TIMEOUT_MS,
    });
    return stdout.trim();
  } catch (cause) {
    const words = (cause as { stderr?: string }).stderr ?? String(cause);
    throw new Error(`${tool} ${args.join(' ')} failed:\n${words}`, { cause });
  }
}
