import { noTracer, type Tracer } from './tracer.ts';

/** Where spans go and how many are taken. */
export interface TracingOptions {
  readonly serviceName: string;
  /** Base address of an OTLP/HTTP collector, for instance `http://otel-collector:4318`. Absent = no tracing at all. */
  readonly endpoint?: string | undefined;
  /** Share of new traces that are recorded, 0 to 1. A trace that came in with a decision keeps it. */
  readonly sampling: number;
}

/** A running exporter. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is waiting, for at most two seconds: telemetry never holds a shutdown. Never rejects. */
  shutdown(): Promise<void>;
}

/** How long the last spans may take to leave. */
const FLUSH_MS = 2000;

/**
 * Opens a tracer that exports. Without an endpoint nothing is loaded and nothing is recorded: with no collector in
 * reach an exporter would only retry and log.
 */
export async function startTracing({ serviceName, endpoint, sampling }: TracingOptions): Promise<Tracing> {
  if (endpoint === undefined) return { tracer: noTracer, shutdown: () => Promise.resolve() };
  const { openTraceExporter } = await import('./trace-exporter.ts');
  const exporter = openTraceExporter({ serviceName, endpoint, sampling, exportTimeoutMs: FLUSH_MS });
  return { tracer: exporter.tracer, shutdown: () => flushed(exporter) };
}

async function flushed(exporter: { shutdown(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS);
  });
  // A collector that is gone is no reason to fail a shutdown: the spans are lost, the messages are not.
  await Promise.race([exporter.shutdown().catch(() => undefined), late]);
  clearTimeout(timer);
}
