import type { Kafka, RecordProducer } from '@chatplatform/kafka';
import type { PlatformNames, WorkerConfig } from '@chatplatform/platform';
import type { Redis } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger, Metrics } from '@chatplatform/telemetry';
import type { HostedService } from './hosted-service.ts';
import { notificationMetrics } from './notifications/notification-metrics.ts';
import { Notifications } from './notifications/notifications.ts';
import { presenceMetrics } from './presence/presence-metrics.ts';
import { PresenceService } from './presence/presence-service.ts';

/** What services have from the worker that runs them. */
export interface ServiceSurroundings {
  readonly names: PlatformNames;
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly producer: RecordProducer;
  /** Outlives the process, for Kafka's static membership; see `WorkerConfig`. */
  readonly instance: string | undefined;
  /** Names this worker; never the same twice. */
  readonly incarnation: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly fetch: typeof fetch;
  /** A consumer loop ended for good. */
  readonly onCrash: (error: unknown) => void;
  /** A consumer loop without a sign of life for this long is dead, ms. */
  readonly deadAfterMs: number;
}

/** The services besides the chat that a worker is to run and that have something to do. */
export function hostedServices(
  { services, notifications }: WorkerConfig,
  around: ServiceSurroundings,
): HostedService[] {
  const { metrics, names } = around;
  const { webhooks } = notifications;
  const hosted: HostedService[] = [];
  if (services.includes('notifications') && webhooks.length > 0)
    hosted.push(new Notifications({ ...around, webhooks, metrics: notificationMetrics(metrics) }));
  if (services.includes('presence')) {
    const topic = names.topics.events;
    hosted.push(new PresenceService({ ...around, topic, metrics: presenceMetrics(metrics) }));
  }
  return hosted;
}
