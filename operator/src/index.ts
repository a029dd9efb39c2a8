/** The operator: one ChatPlatform object becomes a running platform, and stays one. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { Lifecycle, loadConfig } from '@chatplatform/runtime';
import { createLogger } from '@chatplatform/telemetry';
import { OperatorConfig } from './config.ts';
import { startOperator } from './operator.ts';

export { OperatorConfig, type OperatorConfigInput } from './config.ts';
export { type Operator, type OperatorDeps, startOperator } from './operator.ts';
export { crdYaml, customResourceDefinition } from './api/crd.ts';

const USAGE = `operator [--config FILE]
Keeps every ChatPlatform of a cluster running as its spec says. Configuration: a YAML or JSON file, and
environment variables OPERATOR_<FIELD> (OPERATOR_IMAGES__CHAT=... sets images.chat).
`;

// Longer than a pass with its writes; the next leader takes over at once after the release.
const CLOSE_DEADLINE_MS = 15_000;

/** Runs the operator until it is told to stop. Exits 1 on a broken configuration or lost leadership. */
export async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: { config: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const config = loadConfig({
    schema: OperatorConfig,
    file: values.config,
    // oxlint-disable-next-line node/no-process-env -- the one place that reads the environment
    env: { OPERATOR_IDENTITY: hostname(), ...process.env },
    envPrefix: 'OPERATOR',
  });
  const logger = createLogger({ name: 'operator', level: config.logLevel });
  const lifecycle = new Lifecycle({ log: logger });
  const operator = await startOperator(config, { logger });
  lifecycle.add({ name: 'operator', deadlineMs: CLOSE_DEADLINE_MS, run: () => operator.close() });
  lifecycle.install();
  logger.info({ adminPort: operator.adminPort }, 'operator started');
}
