import { resolve } from 'node:path';
import { command, wholeNumber, type CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import { Instance } from '../instance/instance.ts';
import { endedEarly, exitOf, followUntilReady, isRunning, launchSupervisor } from '../processes/launch.ts';
import { describeInstance } from './status.ts';

const MAX_PORT = 65_535;

/** `chatctl up`: a platform of plain processes. */
export const up = command({
  name: 'up',
  summary: 'run a platform on this machine as plain processes (no Kubernetes, no root)',
  arguments: [],
  options: {
    file: { type: 'string', value: 'FILE', help: 'the ChatPlatform to run', default: 'examples/demo.yaml' },
    instance: {
      type: 'string',
      value: 'NAME',
      help: 'several may run beside each other',
      default: 'processes',
    },
    port: {
      type: 'string',
      value: 'PORT',
      help: 'port of the demo page; 0 = any (default 8080, or any when taken)',
    },
    watch: { type: 'boolean', help: 'restart programs whose sources change' },
    detach: { type: 'boolean', help: 'come back once it is ready; `chatctl down` ends it' },
  },
  examples: ['chatctl up --file examples/demo.yaml --detach', 'chatctl up --watch'],
  run: async ({ options }, context) => {
    const instance = new Instance(context.cache, options.instance ?? 'processes');
    if (isRunning(instance)) return alreadyRunning(instance, context);
    const args = ['--instance', instance.name, '--file', resolve(options.file ?? 'examples/demo.yaml')];
    if (options.port !== undefined)
      args.push('--port', String(wholeNumber(options.port, 'port', { min: 0, max: MAX_PORT })));
    if (options.watch === true) args.push('--watch');
    const detach = options.detach === true;
    const child = launchSupervisor(instance, args, context, detach);
    if (detach) {
      await followUntilReady(instance, child, context);
      return 0;
    }
    // In the foreground Ctrl-C reaches the supervisor by itself; a signal sent to this process is passed on.
    context.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const code = await exitOf(child);
    if (code === 0) return 0;
    throw endedEarly(instance, code);
  },
});

function alreadyRunning(instance: Instance, context: CommandContext): number {
  const state = instance.readProcesses();
  if (state?.phase === 'starting') {
    throw new CliError(
      'already-running',
      `the platform "${instance.name}" is starting`,
      'wait for it, or stop it with `chatctl down`',
    );
  }
  if (state?.root !== context.root) {
    throw new CliError(
      'already-running',
      `the platform "${instance.name}" runs from another checkout: ${state?.root}`,
      'stop that one with `chatctl down`, or choose another name with --instance',
    );
  }
  context.note(`the platform "${instance.name}" runs already`);
  for (const line of describeInstance(instance)) context.out(line);
  return 0;
}
