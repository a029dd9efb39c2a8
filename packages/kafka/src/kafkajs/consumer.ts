import { backoff, Deferred, type Clock, type Random } from '@chatplatform/runtime';
import type { Consumer, Kafka as KafkaJs } from 'kafkajs';
import type { ConsumeOptions, ConsumerOptions, PartitionConsumer } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import { Assignment } from '../consume/assignment.ts';
import { BatchHandler } from '../consume/batch-handler.ts';
import { CONSUMER_DEFAULTS } from '../consume/defaults.ts';
import { deliveryOf } from './delivery.ts';
import { isFatal, isRebalance, toKafkaError } from './failures.ts';

/** Pause before a broken consumer is built again, ms. */
const RESTART = { base: 100, factor: 2, max: 5_000, jitter: 0.5 } as const;

const noRewinds = (): void => undefined;

interface Deps {
  readonly client: KafkaJs;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: KafkaLogger;
  committed(groupId: string, topic: string, partition: number): Promise<number | undefined>;
}

/**
 * Supervises kafkajs consumers: when one ends for any reason a retry may cure, a new one takes its
 * place, so that no outage of Kafka ever ends the loop and nothing ends silently.
 */
export class KafkajsConsumer implements PartitionConsumer {
  readonly #options: typeof CONSUMER_DEFAULTS;
  readonly #deps: Deps;
  readonly #crashListeners: ((error: Error) => void)[] = [];
  readonly #assignment = new Assignment();
  readonly #stop = new AbortController();
  #current: Consumer | undefined;
  #stopRewinds: () => void = noRewinds;
  /** Tells the group what is done so far. */
  #flush: () => Promise<void> = () => Promise.resolve();
  #loop: Promise<void> | undefined;
  #lastActivity: number;

  constructor(options: ConsumerOptions, deps: Deps) {
    this.#options = { ...CONSUMER_DEFAULTS, ...options };
    this.#deps = deps;
    this.#lastActivity = deps.clock.monotonic();
  }

  run(options: ConsumeOptions): Promise<void> {
    this.#loop ??= this.#supervise(options);
    return Promise.resolve();
  }

  onCrash(listener: (error: Error) => void): void {
    this.#crashListeners.push(listener);
  }

  lastActivity(): number {
    return this.#lastActivity;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#flush();
    await this.#current?.disconnect().catch(() => undefined);
    await this.#loop;
  }

  async #supervise(options: ConsumeOptions): Promise<void> {
    const pause = backoff(RESTART, this.#deps.random);
    const joined = (): void => pause.reset();
    while (!this.#stop.signal.aborted) {
      this.#alive();
      const error = await this.#runOne(options, joined);
      this.#assignment.clear();
      if (this.#stop.signal.aborted) return;
      if (isFatal(error)) {
        for (const listener of this.#crashListeners) listener(toKafkaError(error, 'consuming'));
        return;
      }
      this.#deps.logger.warn(
        { err: error, groupId: options.groupId },
        'the consumer ended; starting it again',
      );
      await this.#deps.clock.sleep(pause.next(), this.#stop.signal).catch(() => undefined);
    }
  }

  /** One kafkajs consumer from birth to death; returns why it ended. */
  async #runOne(options: ConsumeOptions, joined: () => void): Promise<unknown> {
    const consumer = this.#create(options.groupId);
    this.#current = consumer;
    const ended = new Deferred<unknown>();
    this.#listen(consumer, { options, joined, ended });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...options.topics], fromBeginning: true });
      if (this.#stop.signal.aborted) return undefined;
      await this.#consume(consumer, options);
      return await ended.promise;
    } catch (error) {
      return error;
    } finally {
      this.#stopRewinds();
      await consumer.disconnect().catch(() => undefined);
    }
  }

  #create(groupId: string): Consumer {
    const { sessionTimeoutMs, rebalanceTimeoutMs, heartbeatIntervalMs, maxWaitMs, maxBytesPerPartition } =
      this.#options;
    return this.#deps.client.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatIntervalMs,
      maxWaitTimeInMs: maxWaitMs,
      minBytes: 1,
      maxBytesPerPartition,
      allowAutoTopicCreation: false,
      // Nothing in these logs is transactional.
      readUncommitted: true,
      // 5 retries span about 4 s; after that the supervisor takes over.
      retry: { retries: 5, restartOnFailure: () => Promise.resolve(false) },
    });
  }

  #listen(
    consumer: Consumer,
    life: { options: ConsumeOptions; joined: () => void; ended: Deferred<unknown> },
  ): void {
    const { GROUP_JOIN, CRASH, DISCONNECT, FETCH_START, FETCH, REBALANCING, END_BATCH_PROCESS } =
      consumer.events;
    for (const event of [FETCH_START, FETCH, REBALANCING, END_BATCH_PROCESS] as const) {
      consumer.on(event, () => this.#alive());
    }
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.#alive();
      life.joined();
      this.#assignment.replace(payload.memberId, payload.memberAssignment);
      for (const topic of life.options.topics) {
        life.options.onAssigned?.(topic, payload.memberAssignment[topic] ?? []);
      }
    });
    // A group that rebalances still takes commits of those who have not joined again.
    consumer.on(REBALANCING, () => void this.#flush());
    consumer.on(CRASH, ({ payload }) => life.ended.resolve(payload.error));
    consumer.on(DISCONNECT, () => {
      // A crash disconnects first and says why right after: let it speak.
      setImmediate(() => life.ended.resolve(new Error('disconnected')));
    });
  }

  #consume(consumer: Consumer, options: ConsumeOptions): Promise<void> {
    const handler = new BatchHandler({
      options,
      assignment: this.#assignment,
      clock: this.#deps.clock,
      logger: this.#deps.logger,
      heartbeatIntervalMs: this.#options.heartbeatIntervalMs,
      committed: (topic, partition) => this.#deps.committed(options.groupId, topic, partition),
      seek: (topic, partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
      isLost: isRebalance,
      alive: () => this.#alive(),
      stopping: () => this.#stop.signal.aborted,
    });
    this.#flush = () => handler.flush();
    this.#stopRewinds();
    this.#stopRewinds = options.rewinds?.onRequest((rewind) => handler.rewind(rewind)) ?? noRewinds;
    return consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#options.concurrency,
      eachBatch: (payload) => handler.handle(deliveryOf(payload)),
    });
  }

  #alive(): void {
    this.#lastActivity = this.#deps.clock.monotonic();
  }
}
