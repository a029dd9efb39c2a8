import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export type { Counter, Gauge, Histogram } from 'prom-client';

export interface MetricsOptions {
  /** Put before every name, with `_`. */
  readonly prefix?: string;
  /** Whether to measure the process itself too (memory, CPU, event loop). */
  readonly defaults: boolean;
}

/** The metrics of one program, in a registry of its own. Names and label values never hold rooms or users. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  /** @param buckets upper bounds in seconds; {@link LATENCY_SECONDS} when absent. */
  histogram(name: string, help: string, labels?: readonly string[], buckets?: readonly number[]): Histogram;
  /** Everything in Prometheus' text format. */
  render(): Promise<string>;
  readonly contentType: string;
}

/** 1 ms to 10 s: a delivery takes milliseconds, prom-client's own buckets begin where it would be slow. */
export const LATENCY_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Milliseconds between samples of the event loop's delay: finer costs more than it tells. */
const LOOP_PRECISION_MS = 20;

/** A fresh registry. Asking for one name twice throws: two owners of a number are a mistake. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const full = (name: string): string => (options.prefix === undefined ? name : `${options.prefix}_${name}`);
  const common = (name: string, help: string, labels: readonly string[] = []) => ({
    name: full(name),
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  if (options.defaults)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  return {
    counter: (name, help, labels) => new Counter(common(name, help, labels)),
    gauge: (name, help, labels) => new Gauge(common(name, help, labels)),
    histogram: (name, help, labels, buckets = LATENCY_SECONDS) =>
      new Histogram({ ...common(name, help, labels), buckets: [...buckets] }),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
