import { command } from '../command.ts';
import { CliError } from '../errors.ts';
import { Instance, newestInstance, type ProgramState } from '../instance/instance.ts';
import { isRunning } from '../processes/launch.ts';

/** `chatctl status`: what runs and how it is. */
export const status = command({
  name: 'status',
  summary: 'show the programs of a platform on this machine and whether they are ready',
  arguments: [],
  options: {
    instance: { type: 'string', value: 'NAME', help: 'which one (default: the newest)' },
    json: { type: 'boolean', help: 'for scripts' },
  },
  examples: ['chatctl status', 'chatctl status --json'],
  run: async ({ options }, context) => {
    const instance =
      options.instance === undefined
        ? newestInstance(context.cache)
        : new Instance(context.cache, options.instance);
    if (instance?.readEndpoint() === undefined && instance?.readProcesses() === undefined) {
      throw new CliError(
        'not-running',
        'no platform was brought up on this machine',
        'bring one up with `make up` or `chatctl up`',
      );
    }
    const programs = instance.readProcesses()?.programs ?? [];
    const health = isRunning(instance)
      ? await Promise.all(programs.map(healthOf))
      : programs.map(() => 'down');
    if (options.json === true) {
      context.out(
        JSON.stringify({
          ...instance.readProcesses(),
          endpoint: instance.readEndpoint(),
          running: isRunning(instance),
        }),
      );
      return 0;
    }
    for (const line of describeInstance(instance)) context.out(line);
    programs.forEach((program, index) => {
      const restarts = program.restarts === 0 ? '' : `  restarts ${program.restarts}`;
      context.out(
        `  ${program.name.padEnd(12)} ${(health[index] ?? '').padEnd(10)} pid ${program.pid ?? '-'}${restarts}  ${program.log}`,
      );
    });
    return health.every((each) => each === 'ready' || each === 'running') ? 0 : 1;
  },
});

/** One line on the instance, one per address. */
export function describeInstance(instance: Instance): string[] {
  const state = instance.readProcesses();
  const endpoint = instance.readEndpoint();
  const phase = state === undefined ? 'in Kubernetes' : isRunning(instance) ? state.phase : 'down';
  return [
    `${instance.name}: ${phase}`,
    ...(endpoint?.page === undefined ? [] : [`  page       ${endpoint.page}`]),
    ...(endpoint === undefined ? [] : [`  gateways   ${endpoint.url}`]),
  ];
}

const HEALTH_MS = 1000;

async function healthOf(program: ProgramState): Promise<string> {
  if (program.pid === undefined) return 'down';
  if (program.admin === undefined) return 'running';
  const path = program.role === 'web-chat' ? '/healthz' : '/readyz';
  try {
    const answer = await fetch(program.admin + path, { signal: AbortSignal.timeout(HEALTH_MS) });
    await answer.body?.cancel();
    return answer.ok ? 'ready' : 'not ready';
  } catch {
    return 'no answer';
  }
}
