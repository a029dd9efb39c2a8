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
    const instance = find(options.instance, context.cache);
    const running = isRunning(instance);
    const programs = instance.readProcesses()?.programs ?? [];
    const health = running ? await Promise.all(programs.map(healthOf)) : programs.map(() => 'down');
    if (options.json === true) {
      const endpoint = instance.readEndpoint();
      context.out(JSON.stringify({ ...instance.readProcesses(), endpoint, running }));
    } else {
      for (const line of describeInstance(instance)) context.out(line);
      programs.forEach((program, index) => context.out(describeProgram(program, health[index] ?? '')));
    }
    return health.every((each) => each === 'ready' || each === 'running') ? 0 : 1;
  },
});

function find(name: string | undefined, cache: string): Instance {
  const instance = name === undefined ? newestInstance(cache) : new Instance(cache, name);
  if (instance?.readEndpoint() !== undefined || instance?.readProcesses() !== undefined) return instance;
  const remedy = 'bring one up with `make up` or `chatctl up`';
  throw new CliError('not-running', 'no platform was brought up on this machine', remedy);
}

function describeProgram(program: ProgramState, health: string): string {
  const restarts = program.restarts === 0 ? '' : `  restarts ${program.restarts}`;
  return `  ${program.name.padEnd(12)} ${health.padEnd(10)} pid ${program.pid ?? '-'}${restarts}  ${program.log}`;
}

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
