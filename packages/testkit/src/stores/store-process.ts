import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './store-error.ts';

/** Often enough that a start of 100 ms (Redis) is seen without delay; costs one small read each. */
const POLL_MS = 10;
/** On two cores shared by some twenty busy processes one broker took 12 s and three took 26 s; twice that means it hangs. */
const READY_TIMEOUT_MS = 60_000;
/** One broker ends 1 s after SIGTERM, three after 7 s on a busy machine; a store that takes twice that is killed. */
const STOP_TIMEOUT_MS = 15_000;
/** Enough to hold a Java stack trace. */
const TAIL_LINES = 30;

/** How to run one server process. */
export interface StoreProcessOptions {
  /** For messages: `Kafka broker 1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Output is appended here. */
  readonly logFile: string;
  /** Made when missing: where the process keeps its data. */
  readonly folder?: string;
  /** A text the process writes to its output once it serves. */
  readonly readyText: string;
}

/**
 * One server process that can be stopped, killed, paused and started again.
 *
 * It dies with the program that started it, however that ends (the kernel sends it SIGKILL), so a crashed test
 * leaves nothing behind. It has a session of its own: Ctrl-C in a terminal reaches only the program, which then
 * stops its stores in its own order.
 */
export class StoreProcess {
  readonly #options: StoreProcessOptions;
  #child: ChildProcess | undefined;

  constructor(options: StoreProcessOptions) {
    this.#options = options;
  }

  /** True from start until the process has ended. */
  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /**
   * Process id of the running process.
   * @throws {@link StoreError} `not-running` while there is none
   */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined || !this.running) {
      throw new StoreError('not-running', `${this.#options.name} is not running; call restart() first`);
    }
    return pid;
  }

  /**
   * Starts the process and waits until it serves. Does nothing when it runs.
   * @throws {@link StoreError} `exited` or `not-ready` with the tail of its log
   */
  async start(): Promise<void> {
    if (this.running) return;
    const { command, args, logFile, folder } = this.#options;
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    mkdirSync(dirname(logFile), { recursive: true });
    const output = openSync(logFile, 'a');
    const from = statSync(logFile).size;
    try {
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
        detached: true,
        stdio: ['ignore', output, output],
      });
      this.#child = child;
      child.unref();
      await spawned(child, this.#options.name);
    } finally {
      closeSync(output);
    }
    await this.#untilReady(from);
  }

  /** Asks the process to end (SIGTERM) and waits; kills it when it takes longer than 15 s. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    if (!(await this.#untilExit(STOP_TIMEOUT_MS))) await this.kill9();
  }

  /** Kills the process (SIGKILL) and waits until it is gone. */
  async kill9(): Promise<void> {
    if (!this.running) return;
    this.signal('SIGKILL');
    if (!(await this.#untilExit(STOP_TIMEOUT_MS))) {
      throw new StoreError(
        'not-ready',
        `${this.#options.name} (pid ${this.pid}) survives SIGKILL; its disk may hang`,
      );
    }
  }

  /** Sends a signal, for example SIGSTOP to make the server hang and SIGCONT to let it go on. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async #untilReady(from: number): Promise<void> {
    const { name, logFile, readyText } = this.#options;
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await textAfter(logFile, from)).includes(readyText)) {
      if (!this.running) {
        throw new StoreError('exited', `${name} ended while it started; ${await tail(logFile)}`, {
          retryable: true,
        });
      }
      if (performance.now() > deadline) {
        const words = await tail(logFile);
        await this.kill9();
        throw new StoreError(
          'not-ready',
          `${name} did not serve within ${READY_TIMEOUT_MS / 1000} s; ${words}`,
          { retryable: true },
        );
      }
      await sleep(POLL_MS);
    }
  }

  async #untilExit(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (this.running && performance.now() < deadline) await sleep(POLL_MS);
    return !this.running;
  }
}

async function spawned(child: ChildProcess, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(
        new StoreError('tool-failed', `${name} could not be started with setpriv; install util-linux`, {
          cause,
        }),
      );
    });
  });
}

async function textAfter(file: string, offset: number): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(Math.max(0, size - offset)), 0, undefined, offset);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}

async function tail(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return `the end of ${file}:\n${lines.slice(-TAIL_LINES).join('\n')}`;
}
