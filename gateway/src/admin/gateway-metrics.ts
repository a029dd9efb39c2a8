import type { Counter, Gauge, Histogram, Metrics } from '@chatplatform/telemetry';

/** Everything the gateway counts. No label holds a room or a user. */
export interface GatewayMetrics {
  readonly connections: Gauge;
  readonly rooms: Gauge;
  readonly requests: Counter;
  readonly refusals: Counter;
  readonly closes: Counter;
  readonly upgradesRefused: Counter;
  readonly publishAck: Histogram;
  readonly publishes: Counter;
  readonly delivery: Histogram;
  readonly delivered: Counter;
  readonly frames: Counter;
  readonly roomEvents: Counter;
  readonly inboxGaps: Counter;
  readonly recoveries: Counter;
  readonly slowCloses: Counter;
  readonly flushWindow: Gauge;
  readonly drainRemaining: Gauge;
  readonly degraded: Gauge;
}

/** Registers the gateway's metrics. */
export function gatewayMetrics(metrics: Metrics): GatewayMetrics {
  return {
    connections: metrics.gauge('gateway_connections', 'Open connections by state', ['state']),
    rooms: metrics.gauge('gateway_rooms', 'Rooms with a route to this gateway'),
    requests: metrics.counter('gateway_requests_total', 'Requests by operation', ['op']),
    refusals: metrics.counter('gateway_refusals_total', 'Error replies by code', ['code']),
    closes: metrics.counter('gateway_closes_total', 'Ended connections by close code', ['code']),
    upgradesRefused: metrics.counter('gateway_upgrades_refused_total', 'Refused upgrades by HTTP status', [
      'status',
    ]),
    publishAck: metrics.histogram('gateway_publish_ack_seconds', 'Publish received to durable in the log'),
    publishes: metrics.counter('gateway_publishes_total', 'Publishes by result', ['result']),
    delivery: metrics.histogram(
      'gateway_delivery_seconds',
      'Append time of the log to socket write, by the clocks of broker and gateway',
    ),
    delivered: metrics.counter('gateway_delivered_total', 'Lines written to sockets'),
    frames: metrics.counter('gateway_frames_total', 'Frames published to rooms'),
    roomEvents: metrics.counter(
      'gateway_room_events_total',
      'Gaps found, repaired, given up; duplicates dropped',
      ['event'],
    ),
    inboxGaps: metrics.counter('gateway_inbox_gaps_total', 'Losses of the fan-out by how they were noticed', [
      'reason',
    ]),
    recoveries: metrics.counter(
      'gateway_recoveries_total',
      'Catch-ups of returning clients by source and result',
      ['source', 'result'],
    ),
    slowCloses: metrics.counter(
      'gateway_slow_closes_total',
      'Connections ended because they read too slowly',
    ),
    flushWindow: metrics.gauge(
      'gateway_flush_window_seconds',
      'How long messages are collected for a shared write',
    ),
    drainRemaining: metrics.gauge('gateway_drain_remaining', 'Connections still to be moved'),
    degraded: metrics.gauge('gateway_degraded', '1 while a part does not work', ['part']),
  };
}
