// Loaded only when tracing is on: these modules cost start-up time and memory.
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer as OtelTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { MessageSpan, SpanStart, Tracer } from './tracer.ts';

/** What the exporter is made from; see TracingOptions. */
export interface TraceExporterOptions {
  readonly serviceName: string;
  readonly endpoint: string;
  readonly sampling: number;
  readonly exportTimeoutMs: number;
}

/** A tracer whose spans go to a collector; `shutdown` sends what is left. Nothing is registered for the process. */
export function openTraceExporter(options: TraceExporterOptions): {
  readonly tracer: Tracer;
  shutdown(): Promise<void>;
} {
  const { serviceName, endpoint, sampling, exportTimeoutMs } = options;
  const exporter = new OTLPTraceExporter({ url: new URL('/v1/traces', endpoint).href });
  const sdk = new NodeSDK({
    serviceName,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampling) }),
    // Its queue is bounded: what a collector cannot take is dropped, never waited for.
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: exportTimeoutMs })],
    // Traces only: metrics are Prometheus's, logs go to stdout, and names of hosts and processes to nobody.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
    autoDetectResources: false,
  });
  sdk.start();
  const tracer = new ExportingTracer(trace.getTracer('chatplatform'));
  // What a message carries is its context. Registered for the process it would cost every await of the hot path.
  for (const api of [trace, context, propagation]) api.disable();
  return { tracer, shutdown: () => sdk.shutdown() };
}

const KINDS = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const;
/** Of version 00, the only one: `00-<trace id>-<span id>-<flags>`. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

class ExportingTracer implements Tracer {
  readonly on = true;
  readonly #tracer: OtelTracer;

  constructor(tracer: OtelTracer) {
    this.#tracer = tracer;
  }

  begin(name: string, { parent, kind, attributes }: SpanStart): MessageSpan | undefined {
    const context = parent === undefined ? ROOT_CONTEXT : contextOf(parent);
    if (context === undefined) return undefined;
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes }, context);
    return span.isRecording() ? new ExportedSpan(span) : undefined;
  }
}

class ExportedSpan implements MessageSpan {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  end({ attributes = {}, failure }: Parameters<MessageSpan['end']>[0] = {}): void {
    this.#span.setAttributes(attributes);
    if (failure !== undefined) {
      this.#span.setAttribute('error.type', failure);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Undefined where whoever began the trace does not record it. */
function contextOf(traceparent: string): Context | undefined {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? [];
  const traceFlags = Number.parseInt(flags, 16);
  if ((traceFlags & SAMPLED) === 0) return undefined;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
