import type { Counter, Gauge, Histogram, Metrics } from '@chatplatform/telemetry';

/** Everything the gateway counts. No label holds a room or a user. */
export interface GatewayMetrics {
  readonly connections: Gauge;
  readonly rooms: Gauge;
  readonly requests: Counter;
  readonly refusals: Counter;
  readonly closes: Counter;
  readonly upgradesRefused: Counter;
  readonly apiRequests: Counter;
  readonly apiSeconds: Histogram;
  readonly revokedConnections: Counter;
  readonly publishAck: Histogram;
  readonly publishes: Counter;
  readonly delivery: Histogram;
  readonly delivered: Counter;
  readonly frames: Counter;
  readonly roomEvents: Counter;
  readonly inboxGaps: Counter;
  readonly recoveries: Counter;
  readonly logScans: Counter;
  readonly logScanRecords: Counter;
  readonly logScanSeconds: Histogram;
  readonly routesMissing: Counter;
  readonly slowCloses: Counter;
  readonly flushWindow: Gauge;
  readonly receipts: Counter;
  readonly eventsLost: Counter;
  readonly drainRemaining: Gauge;
  readonly rebalanced: Counter;
  readonly connectionsMean: Gauge;
  readonly degraded: Gauge;
  readonly redisFailures: Counter;
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
    apiRequests: metrics.counter(
      'gateway_api_requests_total',
      'Requests to the HTTP API by operation and status',
      ['operation', 'status'],
    ),
    apiSeconds: metrics.histogram('gateway_api_seconds', 'Request to the HTTP API read to answered'),
    revokedConnections: metrics.counter(
      'gateway_revoked_connections_total',
      'Connections ended because their token was revoked or their user was disconnected',
    ),
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
      'Catch-ups of clients (joins with a position, syncs) by where the proof came from and result',
      ['source', 'result'],
    ),
    logScans: metrics.counter(
      'gateway_log_scans_total',
      'Readings of the log for a room whose history does not reach back, by result',
      ['result'],
    ),
    logScanRecords: metrics.counter(
      'gateway_log_scan_records_total',
      'Records looked at by readings of the log',
    ),
    logScanSeconds: metrics.histogram('gateway_log_scan_seconds', 'Time a reading of the log took'),
    routesMissing: metrics.counter(
      'gateway_routes_missing_total',
      'Routes of this gateway that an audit did not find and wrote again',
    ),
    slowCloses: metrics.counter(
      'gateway_slow_closes_total',
      'Connections ended because they read too slowly',
    ),
    flushWindow: metrics.gauge(
      'gateway_flush_window_seconds',
      'How long messages are collected for a shared write',
    ),
    receipts: metrics.counter('gateway_receipts_total', 'Watermarks of users that rose, by kind', ['kind']),
    eventsLost: metrics.counter(
      'gateway_events_lost_total',
      'Events of this gateway that Kafka did not take; nothing waits for them',
    ),
    drainRemaining: metrics.gauge('gateway_drain_remaining', 'Connections still to be moved'),
    rebalanced: metrics.counter(
      'gateway_rebalance_total',
      'Clients asked to move because this gateway had more than its share (told), that did not (stayed), and those of others that found no room here (sent on)',
      ['result'],
    ),
    connectionsMean: metrics.gauge(
      'gateway_connections_mean',
      'Mean connections of the serving gateways as this one knows it; 0 while that is unknown or rebalancing is off',
    ),
    degraded: metrics.gauge('gateway_degraded', '1 while a part does not work', ['part']),
    redisFailures: metrics.counter('gateway_redis_failures_total', 'Calls of Redis that failed, by code', [
      'code',
    ]),
  };
}
