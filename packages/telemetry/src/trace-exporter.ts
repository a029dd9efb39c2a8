// Loaded only when tracing is on: these modules cost start-up time and memory.
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

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
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampling) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: options.exportTimeoutMs })],
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return provider;
}
