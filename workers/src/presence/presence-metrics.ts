import type { Counter, Gauge, Metrics } from '@chatplatform/telemetry';

/** What the presence service tells about itself. */
export interface PresenceMetrics {
  readonly leads: Gauge;
  readonly told: Counter;
}

/** Registers the metrics of the presence service. */
export function presenceMetrics(metrics: Metrics): PresenceMetrics {
  return {
    leads: metrics.gauge('presence_leader', '1 while this worker is the one that tells who came and went'),
    told: metrics.counter('presence_events_total', 'Users told of as online or offline', ['type']),
  };
}
