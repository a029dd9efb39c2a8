import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './program.ts';

/** A peer as `tools/deps/bench-peer` has it. */
export interface PeerFiles {
  /** The folder it is in. */
  readonly path: string;
  readonly version: string;
}

/** Peers that have to be fetched or built. */
export type PeerName = 'socket.io' | 'soketi' | 'centrifugo';

/**
 * Fetches or builds a peer once, with progress on stderr; it is no dependency of the product.
 * @returns undefined when it cannot be had here; the tool has said why and what to do
 */
export async function peerFiles(name: PeerName): Promise<PeerFiles | undefined> {
  const tool = spawn(join(ROOT, 'tools/deps/bench-peer'), [name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let words = '';
  tool.stdout.setEncoding('utf8').on('data', (text: string) => {
    words += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    tool.once('error', reject);
    tool.once('close', resolve);
  });
  const [path = '', version = ''] = words.trim().split('\n');
  return code === 0 ? { path, version } : undefined;
}
