import { freePorts } from '@chatplatform/testkit';
import type { PeerFiles } from './peer-files.ts';
import { startProgram } from './program.ts';
import type { Target } from './target.ts';

/** What peers need of a run. */
export interface PeerPlace {
  readonly key: string;
  /** Logs and configuration files. */
  readonly folder: string;
}

/** uWebSockets.js alone: the limit of what a gateway in this language can be. */
export function rawUws(place: PeerPlace): Target {
  return single(place, {
    name: 'raw uWS',
    version: 'uWebSockets.js 20.51.4',
    dialect: 'plain',
    entry: 'bench/src/servers/raw-uws.ts',
    args: [],
  });
}

/** Socket.IO, WebSocket transport only, in-memory adapter: no history, no recovery, no second node. */
export function socketIoPeer(place: PeerPlace, { path, version }: PeerFiles): Target {
  return single(place, {
    name: 'Socket.IO',
    version,
    dialect: 'socketIo',
    entry: 'bench/src/servers/socket-io.ts',
    args: [path],
  });
}

function single(
  { key, folder }: PeerPlace,
  { entry, args, ...peer }: Omit<Target, 'start'> & { entry: string; args: readonly string[] },
): Target {
  return {
    ...peer,
    start: async () => {
      const [port = 0] = await freePorts(1, '127.0.0.1');
      const program = await startProgram({
        name: peer.name.replaceAll(' ', '-'),
        entry,
        args: [String(port), key, ...args],
        folder,
        readyText: 'listening',
      });
      return { ports: [port], pids: { edge: [program.pid] }, key, stop: () => program.stop() };
    },
  };
}
