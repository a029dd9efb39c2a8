// The process behind `chatctl up`: started under the instance's lock, ends when told to.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder } from './chatctl.ts';
import { CliError } from './errors.ts';
import { Instance } from './instance/instance.ts';
import { supervise } from './processes/supervisor.ts';

const { values } = parseArgs({
  options: {
    instance: { type: 'string', default: 'processes' },
    file: { type: 'string', default: 'examples/demo.yaml' },
    port: { type: 'string' },
    watch: { type: 'boolean', default: false },
  },
});
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => stop.abort(new Error(signal)));

const began = Date.now();
const note = (line: string): void => {
  const seconds = String(Math.round((Date.now() - began) / 1000)).padStart(4);
  process.stdout.write(`[${seconds}s] ${line}\n`);
};

try {
  await supervise({
    instance: new Instance(cacheFolder(process.env), values.instance),
    root: resolve(import.meta.dirname, '../../..'),
    env: process.env,
    file: values.file,
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    watch: values.watch,
    signal: stop.signal,
    note,
  });
  note('stopped');
} catch (error) {
  if (!stop.signal.aborted) {
    process.exitCode = 1;
    note(error instanceof CliError ? `error: ${error.message}; ${error.remedy}` : `error: ${String(error)}`);
  }
}
// Whatever a client library left open must not keep a stopped supervisor alive.
process.exit();
