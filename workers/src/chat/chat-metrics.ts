import type { Counter, Histogram, Metrics } from '@chatplatform/telemetry';

/** What the chat service tells about itself. */
export interface ChatMetrics {
  readonly verdicts: Counter;
  readonly poison: Counter;
  readonly refused: Counter;
  readonly deserted: Counter;
  readonly behindLog: Histogram;
}

/** Registers the metrics of the chat service. */
export function chatMetrics(metrics: Metrics): ChatMetrics {
  return {
    verdicts: metrics.counter('messages_total', 'Messages by what the append said', ['verdict']),
    poison: metrics.counter('poison_records_total', 'Records moved to the dead letters', ['cause']),
    refused: metrics.counter('refused_messages_total', 'Messages refused by a rule'),
    deserted: metrics.counter('deserted_publishes_total', 'Publishes to gateways that nobody listened for'),
    behindLog: metrics.histogram(
      'fanout_lag_seconds',
      'Log time of the oldest new message of a batch to its fan-out',
    ),
  };
}
