import { join } from 'node:path';
import { StoreProcess } from '@chatplatform/testkit';
import { until } from './fleet.ts';
import { root } from './run.ts';

/** How to run one gateway or worker. */
export interface ProgramOptions {
  readonly role: 'gateway' | 'worker';
  readonly name: string;
  readonly configFile: string;
  readonly logFile: string;
  /** Base address of its admin port. */
  readonly admin: string;
  /** Further options of Node, such as a module to load first. */
  readonly nodeArgs?: readonly string[];
}

/** Reaching the stores: seconds on a free machine, more while ten thousand clients come back. */
const READY_MS = 120_000;
const HEALTH_MS = 2000;
/** What each program logs as soon as its admin port answers. */
const STARTED = { gateway: '"msg":"listening"', worker: '"msg":"worker started"' };

/** A gateway or worker as a process of its own, to be ended, killed and started again. */
export class ProgramProcess {
  readonly name: string;
  readonly admin: string;
  readonly logFile: string;
  readonly #process: StoreProcess;

  constructor({ role, name, configFile, logFile, admin, nodeArgs = [] }: ProgramOptions) {
    this.name = name;
    this.admin = admin;
    this.logFile = logFile;
    this.#process = new StoreProcess({
      name,
      command: process.execPath,
      args: [
        '--conditions=@chatplatform/source',
        '--disable-warning=ExperimentalWarning',
        ...nodeArgs,
        join(root, 'tools', 'images', 'main.ts'),
        role,
        '--config',
        configFile,
      ],
      logFile,
      readyText: STARTED[role],
    });
  }

  get running(): boolean {
    return this.#process.running;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Starts it and waits until it says that it serves. */
  async start(): Promise<void> {
    await this.#process.start();
    await until(`${this.name} to be ready`, READY_MS, () => this.#isReady());
  }

  /** SIGTERM; resolves when it is gone. @throws when that takes longer than `withinMs` */
  async end(withinMs: number): Promise<void> {
    this.#process.signal('SIGTERM');
    await until(`${this.name} to end`, withinMs, () => Promise.resolve(!this.#process.running));
  }

  /** SIGTERM, and no waiting. */
  terminate(): void {
    this.#process.signal('SIGTERM');
  }

  kill9(): Promise<void> {
    return this.#process.kill9();
  }

  async #isReady(): Promise<boolean> {
    if (!this.#process.running) throw new Error(`${this.name} ended while it started; its log says why`);
    try {
      const answer = await fetch(`${this.admin}/readyz`, { signal: AbortSignal.timeout(HEALTH_MS) });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }
}
