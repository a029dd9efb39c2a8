import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Kafka, PartitionConsumer, RecordProducer } from '@chatplatform/kafka';
import type { PlatformNames, WebhookConfig } from '@chatplatform/platform';
import type { Redis } from '@chatplatform/redis';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { WorkerError } from '../errors.ts';
import type { HostedService } from '../hosted-service.ts';
import type { LogFacts } from '../log-facts.ts';
import { Endpoint } from './endpoint.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import { NotificationService } from './notification-service.ts';
import { Whereabouts } from './whereabouts.ts';

/** What sending notifications needs from the worker around it. */
export interface NotificationsDeps {
  readonly webhooks: readonly WebhookConfig[];
  readonly names: PlatformNames;
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly producer: RecordProducer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: NotificationMetrics;
  readonly fetch: typeof fetch;
  readonly onCrash: (error: unknown) => void;
  /** Outlives the process, for Kafka's static membership. */
  readonly instance: string | undefined;
  /** A consumer loop without a sign of life for this long is dead, ms. */
  readonly deadAfterMs: number;
}

/** All webhooks of a platform: each consumes the events in a group of its own. */
export class Notifications implements HostedService {
  readonly name = 'notifications';
  readonly #deps: NotificationsDeps;
  readonly #stop = new AbortController();
  readonly #consumers: PartitionConsumer[] = [];
  /** Those that have joined their group; until then Kafka is waited for. */
  readonly #joined: PartitionConsumer[] = [];

  constructor(deps: NotificationsDeps) {
    this.#deps = deps;
  }

  async run(facts: LogFacts): Promise<void> {
    await Promise.all(this.#deps.webhooks.map((webhook) => this.#consume(webhook, facts)));
  }

  isLive(): boolean {
    const { clock, deadAfterMs } = this.#deps;
    return this.#joined.every((consumer) => clock.monotonic() - consumer.lastActivity() < deadAfterMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
  }

  async #consume(webhook: WebhookConfig, facts: LogFacts): Promise<void> {
    const { kafka, logger, names, instance, onCrash } = this.#deps;
    if (this.#stop.signal.aborted) return;
    const consumer = kafka.consumer(instance === undefined ? {} : { instanceId: instance });
    this.#consumers.push(consumer);
    consumer.onCrash(onCrash);
    const service = this.#serviceOf(webhook, facts);
    const groupId = `${names.groups.notifications}.${webhook.name}`;
    logger.info({ groupId, url: webhook.url }, 'consuming events for a webhook');
    await consumer.run({
      topics: [names.topics.events],
      groupId,
      onAssigned: (_, partitions) => service.assigned(partitions),
      eachBatch: (batch) => service.handle(batch),
    });
    this.#joined.push(consumer);
  }

  #serviceOf(webhook: WebhookConfig, { partitions }: LogFacts): NotificationService {
    const { clock, fetch, logger, metrics, names, producer, random, redis } = this.#deps;
    const { name } = webhook;
    const endpoint = new Endpoint({
      name,
      target: () => targetOf(webhook),
      clock,
      random,
      fetch,
      signal: this.#stop.signal,
      onBreaker: (open) => {
        metrics.open.set({ webhook: name }, open ? 1 : 0);
        logger.warn({ webhook: name, open }, open ? 'a webhook keeps failing' : 'a webhook works again');
      },
    });
    return new NotificationService({
      webhook: name,
      endpoint,
      whereabouts: new Whereabouts(redis),
      deliveries: redis.deliveries,
      producer,
      deadLetters: { topic: names.topics.deadLetters, partitions: partitions.deadLetters },
      clock,
      random,
      logger,
      metrics,
    });
  }
}

/** The secret is read for every request, so that a new one counts at once. */
async function targetOf({ url, secretFile, timeoutSeconds }: WebhookConfig) {
  return { url, timeoutMs: timeoutSeconds * 1000, secret: (await readFile(secretFile, 'utf8')).trim() };
}

/** Looks whether the secrets are there. @throws WorkerError `start` */
export function checkSecrets(webhooks: readonly WebhookConfig[]): void {
  for (const { name, secretFile } of webhooks) {
    const fault = faultOf(secretFile);
    if (fault === undefined) continue;
    throw new WorkerError('start', `the secret of webhook ${name} in ${secretFile} ${fault}; mount it there`);
  }
}

function faultOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() === '' ? 'is empty' : undefined;
  } catch (error) {
    return `cannot be read (${String(error)})`;
  }
}
