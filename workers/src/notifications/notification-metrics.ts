import type { Counter, Gauge, Metrics } from '@chatplatform/telemetry';

/** What sending notifications tells about itself. */
export interface NotificationMetrics {
  readonly notices: Counter;
  readonly lag: Gauge;
  readonly open: Gauge;
}

/** Registers the metrics of notifications. */
export function notificationMetrics(metrics: Metrics): NotificationMetrics {
  return {
    notices: metrics.counter('notifications_total', 'Messages to people who are not connected, by result', [
      'webhook',
      'result',
    ]),
    lag: metrics.gauge('notification_lag_records', 'Events that a webhook has still to look at', [
      'webhook',
      'partition',
    ]),
    open: metrics.gauge('webhook_open', '1 while a webhook keeps failing and is asked only now and then', [
      'webhook',
    ]),
  };
}
