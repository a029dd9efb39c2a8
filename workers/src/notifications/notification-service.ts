import type { BatchResult, InRecord, RecordBatch, RecordProducer } from '@chatplatform/kafka';
import type { Deliveries } from '@chatplatform/redis';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { deadLetter } from '../pipeline/dead-letters.ts';
import { isInfrastructure } from '../pipeline/infrastructure.ts';
import { EndpointGone, type Endpoint } from './endpoint.ts';
import { noticeOf, type Notice } from './notice.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Requests to one endpoint at the same time, per partition. */
const CONCURRENCY = 8;
/** Nobody wants to hear of a message of yesterday; what was sent is remembered as long. */
const MAX_AGE_MS = 24 * 3_600_000;
/** A webhook that was just added begins with what happens now, not with the week the topic holds. */
const FIRST_AGE_MS = 600_000;
/** Waits while Redis or Kafka fail, ms: as the chat does. */
const RETRY = { base: 50, factor: 2, max: 2_000, jitter: 0.5 } as const;

export interface NotificationDeps {
  readonly webhook: string;
  readonly endpoint: Pick<Endpoint, 'deliver'>;
  readonly whereabouts: Pick<Whereabouts, 'offline'>;
  readonly deliveries: Deliveries;
  readonly producer: RecordProducer;
  readonly deadLetters: { readonly topic: string; readonly partitions: number };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: NotificationMetrics;
}

type Result = 'delivered' | 'duplicate' | 'connected' | 'expired' | 'dead';

/**
 * Tells one endpoint about messages to people who are not connected. Each endpoint has a service and a consumer group
 * of its own, so a slow one holds up nobody else. A request may be repeated; its id tells.
 */
export class NotificationService {
  readonly #deps: NotificationDeps;
  /** Partitions whose lag is shown. */
  readonly #shown = new Set<number>();

  constructor(deps: NotificationDeps) {
    this.#deps = deps;
  }

  /** The partitions this worker has now: the lag of others is for others to show. */
  assigned(partitions: readonly number[]): void {
    const { metrics, webhook } = this.#deps;
    for (const partition of this.#shown) {
      if (partitions.includes(partition)) continue;
      this.#shown.delete(partition);
      metrics.lag.remove(webhook, String(partition));
    }
  }

  /** Handles one batch of events; nothing is committed before everybody was told or the dead letters know. */
  async handle(batch: RecordBatch): Promise<BatchResult> {
    const { clock, logger, random } = this.#deps;
    const wait = backoff(RETRY, random);
    const begin = batch.records[0]?.offset ?? 0;
    while (!batch.isStale()) {
      try {
        return await this.#attempt(batch);
      } catch (error) {
        if (error instanceof EndpointGone) break;
        if (!isInfrastructure(error)) throw error;
        logger.warn({ err: error }, 'Redis or Kafka failed; the notifications are tried again');
      }
      await clock.sleep(wait.next());
      await batch.heartbeat();
    }
    return { seek: begin };
  }

  async #attempt(batch: RecordBatch): Promise<BatchResult> {
    const { metrics, webhook } = this.#deps;
    const notices = batch.records.flatMap((record) => noticeOf(record) ?? []);
    for (let from = 0; from < notices.length; from += CONCURRENCY) {
      const results = await Promise.all(
        notices.slice(from, from + CONCURRENCY).map((notice) => this.#tell(notice, batch)),
      );
      for (const result of results) metrics.notices.inc({ webhook, result });
    }
    const next = (batch.records.at(-1)?.offset ?? 0) + 1;
    this.#shown.add(batch.partition);
    metrics.lag.set({ webhook, partition: String(batch.partition) }, Math.max(0, batch.highWatermark - next));
    return { commit: next };
  }

  async #tell(notice: Notice, batch: RecordBatch): Promise<Result> {
    const { deliveries, endpoint, webhook, whereabouts } = this.#deps;
    if (this.#isExpired(notice, batch)) return 'expired';
    if (await deliveries.isDone(webhook, notice.id)) return 'duplicate';
    const users = await whereabouts.offline(notice.users);
    if (users.length === 0) return 'connected';
    const delivered = await endpoint.deliver({ notice, users, isStale: () => batch.isStale() });
    if (delivered.ok) {
      await deliveries.done(webhook, notice.id);
      return 'delivered';
    }
    await this.#bury(notice.record, batch.topic, delivered);
    return 'dead';
  }

  #isExpired({ record }: Notice, batch: RecordBatch): boolean {
    const age = this.#deps.clock.now() - record.timestamp;
    return age > (batch.committed === undefined ? FIRST_AGE_MS : MAX_AGE_MS);
  }

  async #bury(
    record: InRecord,
    origin: string,
    failed: { readonly attempts: number; readonly message: string },
  ): Promise<void> {
    const { clock, deadLetters, logger, producer, webhook } = this.#deps;
    logger.warn({ webhook, ...failed }, 'a notification was given up; it is in the dead letters');
    const poison = { record, cause: `webhook:${webhook}`, ...failed };
    await producer.append(deadLetter(poison, { ...deadLetters, origin, now: clock.now() }));
  }
}
