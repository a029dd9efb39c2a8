import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from './configuration.ts';
import { metricsPage } from './metrics.ts';
import { root } from './sources.ts';

const written = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

test('docs/configuration.md is what the schemas give (tools/verify --write)', () => {
  expect(written('configuration.md')).toBe(configurationPage());
});

test('docs/metrics.md is what the code registers (tools/verify --write)', async () => {
  expect(written('metrics.md')).toBe(await metricsPage());
});

test('the pages hold what people look for', () => {
  const settings = written('configuration.md');
  expect(settings).toContain('| `kafka.messages.partitions` | integer 1–999 | `24` | never |');
  expect(settings).toContain('| `live.limits.maxRoomsPerConnection` | integer 1–10000 | `256` | live |');
  const metrics = written('metrics.md');
  expect(metrics).toContain('| `chat_gateway_publish_ack_seconds` | histogram |  | seconds |');
  expect(metrics).toContain('| `chat_worker_lag_records` | gauge | `partition` | records |');
  expect(metrics).toContain('`nodejs_eventloop_lag_seconds`');
});
