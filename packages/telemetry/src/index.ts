// Logs, metrics, health and traces: what a running program tells about itself.
export {
  createAdminServer,
  type AdminHandler,
  type AdminReply,
  type AdminRequest,
  type AdminServer,
  type AdminServerOptions,
  type Health,
  type HealthChecks,
} from './admin-server.ts';
export {
  createLogger,
  silentLogger,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type LogMethod,
} from './logger.ts';
export {
  createMetrics,
  LATENCY_SECONDS,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { noTracer, type MessageSpan, type SpanStart, type Tracer } from './tracer.ts';
export { startTracing, type Tracing, type TracingOptions } from './tracing.ts';
