import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { backoff, type Backoff, type Clock, type Random, type Timer } from '@chatplatform/runtime';
import type { ProgramState } from '../instance/instance.ts';

/** What to run and how to see that it works. */
export interface ProgramPlan {
  readonly name: string;
  readonly role: ProgramState['role'];
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly logFile: string;
  /** Base address of its health port. */
  readonly admin: string;
  /** Path that answers 200 once it serves. */
  readonly readyPath: string;
  /** Folders below `cwd` whose change makes it stale (for reload). */
  readonly sources: readonly string[];
}

export interface ProgramDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Told whenever the state changed. */
  readonly onChange: () => void;
  readonly note: (line: string) => void;
}

/** A crash is answered after a quarter of a second, a crash loop at most every ten. */
const RESTART = { base: 250, factor: 2, max: 10_000, jitter: 0.2 };
/** A program that ran this long was healthy: its next crash starts the waits over. */
const STABLE_MS = 10_000;
/** How long a health question may take. */
const HEALTH_MS = 1000;

/**
 * A child process that is kept running: a crash is answered by a new start with growing waits. It dies with this
 * process, however that ends (the kernel sees to it).
 */
export class Program {
  readonly plan: ProgramPlan;
  readonly #deps: ProgramDeps;
  readonly #backoff: Backoff;
  #child: ChildProcess | undefined;
  #wanted = false;
  #restarts = 0;
  #timer: Timer | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(plan: ProgramPlan, deps: ProgramDeps) {
    this.plan = plan;
    this.#deps = deps;
    this.#backoff = backoff(RESTART, deps.random);
  }

  get state(): ProgramState {
    const { name, role, admin, logFile } = this.plan;
    const pid = this.#child?.pid;
    return {
      name,
      role,
      restarts: this.#restarts,
      admin,
      log: logFile,
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** Starts it, and again whenever it ends, until {@link stop}. */
  start(): void {
    this.#wanted = true;
    this.#spawn();
  }

  /** SIGTERM, and SIGKILL after `graceMs`. Resolves when it is gone; it stays down. */
  async stop(graceMs: number): Promise<void> {
    this.#wanted = false;
    this.#timer?.cancel();
    await this.#end(graceMs);
  }

  /** Stops it in order and starts it afresh, without a wait: its code changed. */
  async reload(graceMs: number): Promise<void> {
    await this.stop(graceMs);
    this.#backoff.reset();
    this.start();
  }

  /** Whether it says that it serves. */
  async isReady(): Promise<boolean> {
    if (this.#child === undefined) return false;
    try {
      const answer = await fetch(this.plan.admin + this.plan.readyPath, {
        signal: AbortSignal.timeout(HEALTH_MS),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  #spawn(): void {
    const { command, args, env, cwd, logFile } = this.plan;
    mkdirSync(dirname(logFile), { recursive: true });
    const output = openSync(logFile, 'a');
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child = child;
    const startedAt = this.#deps.clock.monotonic();
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) =>
        this.#deps.note(`${this.plan.name} cannot be started: ${error.message}`),
      );
      child.once('close', (code, signal) => {
        this.#ended(startedAt, signal ?? `exit code ${code}`);
        resolve();
      });
    });
    this.#deps.onChange();
  }

  #ended(startedAt: number, how: string): void {
    this.#child = undefined;
    if (this.#wanted) {
      if (this.#deps.clock.monotonic() - startedAt >= STABLE_MS) this.#backoff.reset();
      const wait = this.#backoff.next();
      this.#restarts += 1;
      this.#deps.note(`${this.plan.name} ended (${how}); again in ${wait} ms; its log: ${this.plan.logFile}`);
      this.#timer = this.#deps.clock.setTimeout(() => this.#spawn(), wait);
    }
    this.#deps.onChange();
  }

  async #end(graceMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = this.#deps.clock.setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.#exited;
    timer.cancel();
  }
}
