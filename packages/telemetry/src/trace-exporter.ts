// Loaded only when tracing is on: these modules cost start-up time and memory.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';

/** What the exporter is made from; see TracingOptions. */
export interface TraceExporterOptions {
  readonly serviceName: string;
  readonly endpoint: string;
  readonly sampling: number;
  readonly exportTimeoutMs: number;
}

/** Makes the process's tracer and registers it; `shutdown` sends what is left. */
export function registerTraceExporter(options: TraceExporterOptions): { shutdown(): Promise<void> } {
  const exporter = new OTLPTraceExporter({ url: new URL('/v1/traces', options.endpoint).href });
  const sdk = new NodeSDK({
    serviceName: options.serviceName,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampling) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: options.exportTimeoutMs })],
    // Traces only: metrics are Prometheus's, logs go to stdout, and names of hosts and processes to nobody.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
  });
  sdk.start();
  return sdk;
}
