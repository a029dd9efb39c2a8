import { rmSync } from 'node:fs';
import { command } from '../command.ts';
import { Instance } from '../instance/instance.ts';
import { stopSupervisor } from '../processes/launch.ts';

/** `chatctl down`: ends what `chatctl up` began. */
export const down = command({
  name: 'down',
  summary: 'end a platform brought up with `chatctl up`',
  arguments: [],
  options: {
    instance: { type: 'string', value: 'NAME', help: 'which one', default: 'processes' },
    purge: { type: 'boolean', help: 'also delete its messages, keys and logs' },
  },
  examples: ['chatctl down', 'chatctl down --purge'],
  run: async ({ options }, context) => {
    const instance = new Instance(context.cache, options.instance ?? 'processes');
    const stopped = await stopSupervisor(instance, context.note);
    if (options.purge === true) rmSync(instance.folder, { recursive: true, force: true });
    else for (const file of ['endpoint.json', 'processes.json']) rmSync(instance.path(file), { force: true });
    context.note(
      stopped
        ? `the platform "${instance.name}" has ended`
        : `the platform "${instance.name}" was not running`,
    );
    return 0;
  },
});
