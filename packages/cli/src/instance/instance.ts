import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/** How to reach a running platform: written by whatever brought it up, read by every command. */
export interface Endpoint {
  /** WebSocket address of the gateways. */
  readonly url: string;
  /** Address of the demo page. */
  readonly page?: string;
  readonly issuer: string;
  readonly audience: string;
  /** File with the shared development key. */
  readonly keyFile: string;
}

/** One program of a platform in process mode. */
export interface ProgramState {
  readonly name: string;
  readonly role: 'gateway' | 'worker' | 'web-chat' | 'kafka' | 'redis';
  readonly pid?: number;
  readonly restarts: number;
  /** Base address of health and metrics. */
  readonly admin?: string;
  readonly log: string;
}

/** A platform in process mode, as its supervisor last wrote it. */
export interface ProcessesState {
  readonly supervisor: ProcessIdentity;
  /** The checkout it runs from. */
  readonly root: string;
  readonly file: string;
  readonly phase: 'starting' | 'ready' | 'stopping';
  readonly programs: readonly ProgramState[];
}

/** The folder of one instance below the cache, with the files commands share. */
export class Instance {
  readonly name: string;
  readonly folder: string;

  constructor(cache: string, name: string) {
    this.name = name;
    this.folder = join(cache, 'platforms', name);
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** Makes the folder; only the user may read it, since it holds keys. */
  create(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  readEndpoint(): Endpoint | undefined {
    return readJson(this.path('endpoint.json')) as Endpoint | undefined;
  }

  writeEndpoint(endpoint: Endpoint): void {
    writeJson(this.path('endpoint.json'), endpoint);
  }

  readProcesses(): ProcessesState | undefined {
    return readJson(this.path('processes.json')) as ProcessesState | undefined;
  }

  writeProcesses(state: ProcessesState): void {
    writeJson(this.path('processes.json'), state);
  }
}

/** The instance whose endpoint was written last: what somebody means who names none. */
export function newestInstance(cache: string): Instance | undefined {
  const folder = join(cache, 'platforms');
  let newest: { name: string; at: number } | undefined;
  for (const name of list(folder)) {
    const at = statSync(join(folder, name, 'endpoint.json'), { throwIfNoEntry: false })?.mtimeMs;
    if (at !== undefined && (newest === undefined || at > newest.at)) newest = { name, at };
  }
  return newest === undefined ? undefined : new Instance(cache, newest.name);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Written beside and renamed: a reader never sees half a file. */
function writeJson(file: string, value: unknown): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(partial, file);
}
