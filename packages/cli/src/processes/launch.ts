import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Instance } from '../instance/instance.ts';
import { isAlive } from '../instance/process-identity.ts';

/** Exit code of flock when somebody else holds the lock. */
const LOCKED = 75;
/** A supervisor that is being stopped holds the lock until its last program is gone. */
const LOCK_WAIT_SECONDS = 5;
/** How often a waiting launcher looks. */
const LOOK_MS = 50;
/** Stopping in order takes the drain and both stores; after this it is killed. */
const STOP_MS = 45_000;

/**
 * Starts the supervisor of an instance under the instance's lock, a file lock that ends with the supervisor. What
 * it started ends with it too (the kernel sees to that), so a free lock means a free instance.
 */
export function launchSupervisor(
  instance: Instance,
  args: readonly string[],
  context: CommandContext,
  detached: boolean,
): ChildProcess {
  instance.create();
  const output = detached ? openSync(instance.path('supervisor.log'), 'w', 0o600) : 'inherit';
  const command = [...lockArgs(instance), process.execPath, ...entry(context), ...args];
  // In the foreground it ends with this process, in order, even when this process is killed.
  const [program, programArgs] = detached
    ? ['flock', command]
    : ['setpriv', ['--pdeathsig', 'TERM', '--', 'flock', ...command]];
  const child = spawn(program, programArgs, {
    cwd: context.root,
    env: { ...context.env },
    detached,
    stdio: ['ignore', output, output],
  });
  if (typeof output === 'number') closeSync(output);
  return child;
}

function lockArgs(instance: Instance): string[] {
  return [
    '--no-fork',
    '--wait',
    String(LOCK_WAIT_SECONDS),
    '--conflict-exit-code',
    String(LOCKED),
    instance.path('lock'),
  ];
}

function entry(context: CommandContext): string[] {
  const program = join(context.root, 'packages', 'cli', 'src', 'supervise.ts');
  return ['--conditions=@chatplatform/source', '--disable-warning=ExperimentalWarning', program];
}

/** Shows the supervisor's progress until the platform is ready. @throws CliError `start-failed` */
export async function followUntilReady(
  instance: Instance,
  child: ChildProcess,
  context: CommandContext,
): Promise<void> {
  const log = instance.path('supervisor.log');
  let shown = 0;
  const show = (): void => {
    const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
    const end = text.lastIndexOf('\n') + 1;
    for (const line of text.slice(shown, end).split('\n').slice(0, -1)) context.note(line);
    shown = end;
  };
  const ended = exitOf(child);
  let waiting = true;
  while (waiting) {
    if (context.signal.aborted) child.kill('SIGTERM');
    const code = await Promise.race([ended, sleep(LOOK_MS)]);
    show();
    if (code !== undefined) throw endedEarly(instance, code);
    waiting = !isReady(instance, child);
  }
  show();
  child.unref();
}

function isReady(instance: Instance, child: ChildProcess): boolean {
  const state = instance.readProcesses();
  return state?.phase === 'ready' && state.supervisor.pid === child.pid;
}

/** The error for a supervisor that ended with `code` before the platform was ready. */
export function endedEarly(instance: Instance, code: number): CliError {
  if (code === LOCKED) {
    return new CliError(
      'already-running',
      `another start or stop of "${instance.name}" is under way`,
      'wait for it, or stop it with `chatctl down`',
    );
  }
  return new CliError(
    'start-failed',
    `the platform "${instance.name}" did not start (exit code ${code})`,
    'the line above says why',
  );
}

/** Exit code of a child; 1 when a signal ended it. */
export function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(
        new CliError('start-failed', `flock cannot be run: ${cause.message}`, 'install util-linux', {
          cause,
        }),
      );
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Whether the supervisor of an instance runs. */
export function isRunning(instance: Instance): boolean {
  const state = instance.readProcesses();
  return state !== undefined && isAlive(state.supervisor);
}

/** Ends the supervisor of an instance and waits until everything it started is gone. */
export async function stopSupervisor(instance: Instance, note: (line: string) => void): Promise<boolean> {
  const supervisor = instance.readProcesses()?.supervisor;
  if (supervisor === undefined || !isAlive(supervisor)) return false;
  process.kill(supervisor.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_MS;
  while (isAlive(supervisor)) {
    if (performance.now() > deadline) {
      note(`the supervisor does not stop; killing it (pid ${supervisor.pid})`);
      process.kill(supervisor.pid, 'SIGKILL');
    }
    await sleep(LOOK_MS);
  }
  return true;
}
