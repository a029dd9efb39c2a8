import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '@chatplatform/testkit';
import { startProgram } from './program.ts';
import type { Target } from './target.ts';

const run = promisify(execFile);
/** The release that is compared with; another one is another benchmark. */
const SOCKET_IO = '4.8.4';

/** What peers need of a run. */
export interface PeerPlace {
  readonly key: string;
  /** Logs. */
  readonly folder: string;
  /** Where what is fetched stays. */
  readonly cache: string;
}

/** uWebSockets.js alone: the limit of what a gateway in this language can be. */
export function rawUws(place: PeerPlace): Target {
  return single(place, {
    name: 'raw uWS',
    version: 'uWebSockets.js 20.51.4',
    dialect: 'plain',
    entry: 'bench/src/servers/raw-uws.ts',
    args: () => Promise.resolve([]),
  });
}

/** Socket.IO, WebSocket transport only, in-memory adapter: no history, no recovery, no second node. */
export function socketIoPeer(place: PeerPlace): Target {
  return single(place, {
    name: 'Socket.IO',
    version: `socket.io ${SOCKET_IO}`,
    dialect: 'socketIo',
    entry: 'bench/src/servers/socket-io.ts',
    args: async () => [await installed(place.cache)],
  });
}

function single(
  { key, folder }: PeerPlace,
  peer: Pick<Target, 'name' | 'version' | 'dialect'> & { entry: string; args: () => Promise<string[]> },
): Target {
  const { name, version, dialect } = peer;
  return {
    name,
    version,
    dialect,
    start: async () => {
      const [port = 0] = await freePorts(1, '127.0.0.1');
      const args = [String(port), key, ...(await peer.args())];
      const program = await startProgram({
        name: name.replaceAll(' ', '-'),
        entry: peer.entry,
        args,
        folder,
        readyText: 'listening',
      });
      return { ports: [port], pids: { edge: [program.pid] }, key, stop: () => program.stop() };
    },
  };
}

/** Installs the peer once; it is no dependency of the product and never in its lockfile. */
async function installed(cache: string): Promise<string> {
  const folder = join(cache, `bench-socket.io-${SOCKET_IO}`);
  const manifest = join(folder, 'node_modules/socket.io/package.json');
  if (!existsSync(manifest)) {
    await mkdir(folder, { recursive: true });
    const words = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', [...words, `socket.io@${SOCKET_IO}`]);
  }
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  if (version !== SOCKET_IO) throw new Error(`${folder} holds socket.io ${version}; remove the folder`);
  return folder;
}
