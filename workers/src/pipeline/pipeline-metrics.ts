import type { Counter, Gauge, Histogram, Metrics } from '@chatplatform/telemetry';

/** Batches come in sizes from 1 to what a fetch of 1 MiB holds. */
const BATCH_SIZES: readonly number[] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

/** What a pipeline tells about itself. */
export interface PipelineMetrics {
  readonly lag: Gauge;
  readonly batchSize: Histogram;
  readonly batchSeconds: Histogram;
  readonly records: Counter;
  readonly replayed: Counter;
  readonly rewinds: Counter;
  readonly retries: Counter;
}

/** Registers the metrics of a pipeline. */
export function pipelineMetrics(metrics: Metrics): PipelineMetrics {
  return {
    lag: metrics.gauge('lag_records', 'Records between this worker and the end of a partition', [
      'partition',
    ]),
    batchSize: metrics.histogram('batch_records', 'Records per batch', [], BATCH_SIZES),
    batchSeconds: metrics.histogram('batch_seconds', 'Time from a batch read to all its effects done'),
    records: metrics.counter('records_total', 'Records applied for the first time by this worker'),
    replayed: metrics.counter('replayed_records_total', 'Records below the commit that were applied again'),
    rewinds: metrics.counter('rewinds_total', 'Times a partition was read again from further back', [
      'reason',
    ]),
    retries: metrics.counter('retries_total', 'Batches tried again because Redis or Kafka failed'),
  };
}
