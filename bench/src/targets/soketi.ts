import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@chatplatform/testkit';
import { SOKETI_APP } from '../load/soketi.ts';
import type { PeerFiles } from './peer-files.ts';
import type { PeerPlace } from './peers.ts';
import { startCommand } from './program.ts';
import type { Target } from './target.ts';

const HOST = '127.0.0.1';

/** soketi, one process, in-memory adapter, on the Node and the uWebSockets.js of this project. */
export function soketiPeer({ key, folder }: PeerPlace, { path, version }: PeerFiles): Target {
  return {
    name: 'soketi',
    version,
    dialect: 'soketi',
    start: async () => {
      const [port = 0, metricsPort = 0] = await freePorts(2, HOST);
      const file = join(folder, `soketi-${port}.json`);
      await writeFile(file, JSON.stringify({ ...settings(port, key), 'metrics.port': metricsPort }));
      const program = await startCommand({
        name: 'soketi',
        command: process.execPath,
        args: [join(path, 'node_modules/@soketi/soketi/bin/server.js'), 'start', `--config=${file}`],
        folder,
        readyText: 'is up and running',
      });
      return { ports: [port], pids: { edge: [program.pid] }, key, stop: () => program.stop() };
    },
  };
}

function settings(port: number, key: string): Readonly<Record<string, unknown>> {
  const app = 'appManager.array.apps.0';
  return {
    host: HOST,
    port,
    'metrics.host': HOST,
    // Nobody is on it any more when it is stopped.
    shutdownGracePeriod: 0,
    [`${app}.id`]: SOKETI_APP,
    [`${app}.key`]: SOKETI_APP,
    [`${app}.secret`]: key,
    [`${app}.enableClientMessages`]: true,
  };
}
