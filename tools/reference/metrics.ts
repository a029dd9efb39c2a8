// docs/metrics.md: every metric of every program, from the calls that register it.
import ts from 'typescript';
import { createMetrics } from '../../packages/telemetry/src/index.ts';
import { callsOf, placeOf, sourcesBelow, textOf } from './sources.ts';

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const PROGRAMS = [
  { title: 'Gateway', folder: 'gateway/src' },
  { title: 'Worker', folder: 'workers/src' },
  { title: 'Operator', folder: 'operator/src' },
] as const;
const KINDS = ['counter', 'gauge', 'histogram'];
/** Endings of names, and the unit each stands for. */
const UNITS: Readonly<Record<string, string>> = {
  seconds: 'seconds',
  bytes: 'bytes',
  records: 'records',
  total: 'count since start',
};

/** The text of docs/metrics.md. @throws Error for a metric whose name or help cannot be read from the code */
export async function metricsPage(): Promise<string> {
  const sections = PROGRAMS.map(({ title, folder }) => {
    const rows = metricsOf(folder).map(rowOf);
    return `## ${title}\n\n${TABLE}${rows.join('\n')}\n`;
  });
  return `# Metrics

Generated from the code by \`tools/verify --write\`. Every program serves them as Prometheus text at \`GET /metrics\` of its admin port
(9090). No label holds a room or a user. A histogram \`x\` is read as \`x_bucket\`, \`x_sum\` and \`x_count\`.

${sections.join('\n')}
## Every program

What the process itself is measured by.

${TABLE}${(await processMetrics()).map(rowOf).join('\n')}
`;
}

const TABLE = '| metric | type | labels | unit | meaning |\n|---|---|---|---|---|\n';

function rowOf({ name, type, labels, help }: Metric): string {
  const shown = labels.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${shown} | ${unitOf(name)} | ${help} |`;
}

function unitOf(name: string): string {
  const [, unit] = Object.entries(UNITS).find(([ending]) => name.endsWith(`_${ending}`)) ?? [];
  const before = /_(seconds|bytes)_total$/.exec(name)?.[1];
  return before ?? unit ?? 'count';
}

function metricsOf(folder: string): Metric[] {
  const files = sourcesBelow([folder]);
  const prefix = files.flatMap((file) => callsOf(file, ['createMetrics'])).map(prefixOf)[0] ?? '';
  return files
    .flatMap((file) => callsOf(file, KINDS))
    .map((call) => metricOf(call, prefix))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function prefixOf(call: ts.CallExpression): string {
  const [options] = call.arguments;
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return '';
  const entry = options.properties.find((each) => each.name?.getText() === 'prefix');
  const text = entry !== undefined && ts.isPropertyAssignment(entry) ? textOf(entry.initializer) : undefined;
  return text === undefined ? '' : `${text}_`;
}

function metricOf(call: ts.CallExpression, prefix: string): Metric {
  const [name, help] = call.arguments.map(textOf);
  const labels = call.arguments[2];
  if (name === undefined || help === undefined || help === '') {
    throw new Error(
      `${placeOf(call)}: write name and help of a metric as plain text, so that it can be documented`,
    );
  }
  if (labels !== undefined && !ts.isArrayLiteralExpression(labels)) {
    throw new Error(
      `${placeOf(call)}: write the labels of a metric as a list, so that they can be documented`,
    );
  }
  const names = labels?.elements.map((element) => textOf(element) ?? '') ?? [];
  const type = (call.expression as ts.PropertyAccessExpression).name.text;
  return { name: `${prefix}${name}`, type, labels: names, help };
}

/** The library's own, read from what it would serve. */
async function processMetrics(): Promise<Metric[]> {
  const text = await createMetrics({ defaults: true }).render();
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  return [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = '', help = '']) => ({
    name,
    help,
    type: types.get(name) ?? '',
    labels: [],
  }));
}
