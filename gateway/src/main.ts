import { parseArgs } from 'node:util';
import { GatewayConfig } from '@chatplatform/platform';
import { Lifecycle, loadConfig } from '@chatplatform/runtime';
import { createLogger, startTracing } from '@chatplatform/telemetry';
import { drainAndWait } from './drain/drain-and-wait.ts';
import { startGateway } from './gateway.ts';
import { boundHeapGrowth } from './heap.ts';

/**
 * Runs a gateway until the process is told to stop. `--config FILE`; environment `CHAT_…` overrides the file.
 * `--drain-and-wait [--admin-port N]` empties the gateway that runs beside it instead (preStop).
 */
export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      config: { type: 'string' },
      'drain-and-wait': { type: 'boolean' },
      'admin-port': { type: 'string', default: '9090' },
    },
  });
  if (values['drain-and-wait']) return drainAndWait(Number(values['admin-port']));
  const config = loadConfig({
    schema: GatewayConfig,
    file: values.config,
    // oxlint-disable-next-line node/no-process-env -- the one place where the environment is read
    env: process.env,
    envPrefix: 'CHAT',
  });
  boundHeapGrowth();
  const logger = createLogger({ name: 'gateway', level: config.live.logLevel });
  const lifecycle = new Lifecycle({ log: logger });
  lifecycle.install();
  const tracing = await startTracing({
    serviceName: 'chat-gateway',
    endpoint: config.tracing?.endpoint,
    sampling: config.tracing?.sampling ?? 0,
  });
  const gateway = await startGateway(config, { logger, tracer: tracing.tracer });
  const drainMs = (config.drain.startDelaySeconds + config.drain.timeoutSeconds) * 1000;
  lifecycle.add({ name: 'drain', deadlineMs: drainMs, run: (reason) => gateway.drain(reason) });
  lifecycle.add({ name: 'close', deadlineMs: CLOSE_MS, run: () => gateway.close() });
  lifecycle.add({ name: 'telemetry', deadlineMs: TELEMETRY_MS, run: () => tracing.shutdown() });
}

/** Routes released, producer flushed, connections closed: seconds even when a store hangs. */
const CLOSE_MS = 10_000;
const TELEMETRY_MS = 3000;
