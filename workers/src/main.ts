import { parseArgs } from 'node:util';
import { WorkerConfig } from '@chatplatform/platform';
import { Lifecycle, loadConfig, maskSecrets } from '@chatplatform/runtime';
import { createLogger, startTracing } from '@chatplatform/telemetry';
import { startWorker } from './worker.ts';

const USAGE = `usage: worker [--config FILE]

Consumes the message log: orders, de-duplicates, keeps history, sends to gateways.
--config FILE   YAML or JSON; every field can be overridden by CHAT_<FIELD>__<FIELD>=value
--help          this text
`;
/** The worker's own steps have deadlines that add up to less; this one only bounds a defect in them. */
const STOP_MS = 35_000;
const TELEMETRY_MS = 3000;

/** The program `worker`: runs until SIGTERM, then stops in order. Exits 1 when the consumer loop ended for good. */
export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const config = loadConfig({
    schema: WorkerConfig,
    file: values.config,
    env: process.env,
    envPrefix: 'CHAT',
  });
  const logger = createLogger({ name: 'worker', level: config.logLevel });
  const lifecycle = new Lifecycle({ log: logger });
  lifecycle.install();
  const tracing = await startTracing({
    serviceName: 'chat-worker',
    endpoint: config.tracing?.endpoint,
    sampling: config.tracing?.sampling ?? 0,
  });
  const worker = await startWorker(config, { logger, tracer: tracing.tracer });
  lifecycle.add({ name: 'worker', deadlineMs: STOP_MS, run: () => worker.close() });
  lifecycle.add({ name: 'telemetry', deadlineMs: TELEMETRY_MS, run: () => tracing.shutdown() });
  logger.info({ config: maskSecrets(config), admin: worker.adminUrl }, 'worker started');
  await worker.failed.catch(() => process.exit(1));
}
