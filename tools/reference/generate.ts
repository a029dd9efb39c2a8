// tools/run tools/reference/generate.ts: writes docs/configuration.md and docs/metrics.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from './configuration.ts';
import { metricsPage } from './metrics.ts';
import { root } from './sources.ts';

writeFileSync(join(root, 'docs/metrics.md'), await metricsPage());
writeFileSync(join(root, 'docs/configuration.md'), configurationPage());
