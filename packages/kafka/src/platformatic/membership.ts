import { Deferred, type Clock } from '@chatplatform/runtime';
import { Assignment } from '../consume/assignment.ts';
import { BatchHandler, type Delivery } from '../consume/batch-handler.ts';
import type { KafkaError } from '../errors.ts';
import type { ConsumeOptions, ConsumerOptions } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { Rewind } from '../port/rewinds.ts';
import type { Cluster } from './cluster.ts';
import { brokerErrorOf, isFatal, isRebalance } from './failures.ts';
import type { Share } from './group-codec.ts';
import { GroupSession } from './group-session.ts';
import { PartitionFetcher, type Batch } from './partition-fetcher.ts';

/** Pause before a commit that no coordinator took is tried again, ms. */
const COMMIT_PAUSE_MS = 200;
/** A commit is tried for this long once the member stops, ms; what it misses is done again by the next one. */
const LAST_COMMIT_MS = 5_000;
/** A member whose batches last to within this time of the moment the others give it up, ms, joins all the same. */
const JOIN_MARGIN_MS = 5_000;

/** Every setting of a consumer, with its defaults filled in; `instanceId` is Kafka's `group.instance.id`. */
export type ConsumerSettings = Required<Omit<ConsumerOptions, 'instanceId'>> & {
  readonly instanceId: string | null;
};

interface Deps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: KafkaLogger;
  /** Aborted when the member is to stop. */
  readonly stop: AbortSignal;
  alive(): void;
}

/** This process in one group: joins, reads what it is given, hands it out, joins again when the group deals anew. */
export class Membership {
  readonly #settings: ConsumerSettings;
  readonly #options: ConsumeOptions;
  readonly #deps: Deps;
  readonly #assignment = new Assignment();
  readonly #session: GroupSession;
  readonly #fetcher: PartitionFetcher;
  readonly #handler: BatchHandler;
  readonly #stopped = new Deferred();
  #failed = new Deferred<never>();
  /** The group deals anew: what is under way must end. */
  #rebalancing = false;

  constructor(settings: ConsumerSettings, options: ConsumeOptions, deps: Deps) {
    const { cluster, clock, logger, stop } = deps;
    const alive = (): void => deps.alive();
    this.#settings = settings;
    this.#options = options;
    this.#deps = deps;
    this.#session = new GroupSession({ ...settings, ...options }, deps);
    this.#fetcher = new PartitionFetcher({
      ...settings,
      cluster,
      clock,
      logger,
      alive,
      handle: (batch) => this.#handle(batch),
      fail: (error) => this.#fail(error),
    });
    this.#handler = new BatchHandler({
      options,
      assignment: this.#assignment,
      clock,
      logger,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      committed: async (topic, partition) =>
        (await this.#session.committed(topic, [partition])).get(partition),
      seek: (topic, partition, offset) => this.#fetcher.seek(topic, partition, offset),
      isLost: isRebalance,
      alive,
      stopping: () => stop.aborted || this.#rebalancing,
    });
    stop.addEventListener('abort', () => this.#stopped.resolve(), { once: true });
    this.#failed.promise.catch(() => undefined);
  }

  rewind(rewind: Rewind): void {
    this.#handler.rewind(rewind);
  }

  /** One generation of the group after the other. Returns when told to stop, rejects when the membership is lost. */
  async live(joined: () => void): Promise<void> {
    const { stop } = this.#deps;
    while (!stop.aborted) {
      const share = await Promise.race([this.#session.join(), this.#stopped.promise]);
      if (share === undefined) return;
      joined();
      await this.#takeOver(share);
      await this.#beatUntilRebalance();
      this.#fetcher.pause();
      this.#rebalancing = !stop.aborted;
      if (this.#rebalancing) await this.#settle(this.#settings.rebalanceTimeoutMs - JOIN_MARGIN_MS);
    }
  }

  /** Everything this member held may be in other hands now. */
  lose(): void {
    this.#fetcher.pause();
    this.#fetcher.retain(() => false);
    this.#assignment.clear();
    this.#session.forget();
    this.#failed = new Deferred();
    this.#failed.promise.catch(() => undefined);
  }

  /** Ends the batches under way, commits them, leaves. */
  async finish(): Promise<void> {
    this.#fetcher.pause();
    await this.#settle(Infinity);
    this.#fetcher.close();
    this.#assignment.clear();
    await this.#session.leave();
  }

  async #takeOver(share: Share): Promise<void> {
    this.#deps.alive();
    this.#assignment.replace(this.#session.memberId, share);
    this.#fetcher.retain((topic, partition) => share[topic]?.includes(partition) ?? false);
    for (const [topic, partitions] of Object.entries(share)) {
      const isNew = (partition: number): boolean =>
        this.#assignment.tenure(topic, partition)?.committed === 'unread';
      await this.#begin(topic, partitions.filter(isNew));
    }
    for (const topic of this.#options.topics) this.#options.onAssigned?.(topic, share[topic] ?? []);
    this.#rebalancing = false;
    this.#fetcher.resume();
  }

  async #begin(topic: string, partitions: readonly number[]): Promise<void> {
    if (partitions.length === 0) return;
    const committed = await this.#session.committed(topic, partitions);
    for (const partition of partitions) {
      const tenure = this.#assignment.tenure(topic, partition);
      if (tenure !== undefined) tenure.committed = committed.get(partition);
      this.#fetcher.begin(topic, partition, committed.get(partition));
    }
  }

  /** Returns when the group deals anew or this member stops. */
  async #beatUntilRebalance(): Promise<void> {
    const { clock, stop, logger } = this.#deps;
    const { sessionTimeoutMs, heartbeatIntervalMs } = this.#settings;
    let heard = clock.monotonic();
    while (!stop.aborted) {
      await this.#pause(heartbeatIntervalMs, this.#failed.promise, this.#stopped.promise);
      if (stop.aborted) return;
      try {
        await this.#session.heartbeat();
        heard = clock.monotonic();
        this.#deps.alive();
      } catch (error) {
        if (brokerErrorOf(error) === 'REBALANCE_IN_PROGRESS') return;
        // A broker that is away for a moment has not given the partitions to anybody else yet.
        const over = isRebalance(error) || isFatal(error) || clock.monotonic() - heard > sessionTimeoutMs;
        if (over) throw error;
        logger.debug({ err: error }, 'a heartbeat was not answered');
      }
    }
  }

  /** Lets the batches under way end, at most `patienceMs`, with heartbeats: their commits count only from a member. */
  async #settle(patienceMs: number): Promise<void> {
    const { clock } = this.#deps;
    const deadline = clock.monotonic() + patienceMs;
    const work = { done: false };
    const idle = this.#handler.idle().then(() => (work.done = true));
    for (;;) {
      await this.#pause(this.#settings.heartbeatIntervalMs, idle);
      if (work.done) return;
      this.#deps.alive();
      if (clock.monotonic() > deadline) return;
      await this.#session.heartbeat().catch((error: unknown) => {
        this.#deps.logger.debug({ err: error }, 'a heartbeat during a rebalance was refused');
      });
    }
  }

  /** Resolves after `ms`, or as soon as one of `ends` settles; leaves no timer behind then. Rejects as they do. */
  async #pause(ms: number, ...ends: Promise<unknown>[]): Promise<void> {
    const over = new AbortController();
    const slept = this.#deps.clock.sleep(ms, over.signal).catch(() => undefined);
    try {
      await Promise.race([slept, ...ends]);
    } finally {
      over.abort();
    }
  }

  async #handle(batch: Batch): Promise<void> {
    try {
      await this.#handler.handle(this.#deliveryOf(batch));
    } catch (error) {
      // The membership is over, and its loop knows; whoever holds the partition now reads the batch again.
      const { topic, partition } = batch;
      this.#deps.logger.debug({ err: error, topic, partition }, 'a batch could not be finished');
    }
  }

  #deliveryOf(batch: Batch): Delivery {
    const { topic, partition, records, highWatermark } = batch;
    return {
      topic,
      partition,
      records,
      highWatermark,
      // Heartbeats go by the membership's own timer.
      heartbeat: () => Promise.resolve(),
      readOn: (next) => this.#fetcher.handledTo(batch, next),
      commit: (next) => this.#commit(topic, partition, next),
    };
  }

  /** Tries until a coordinator takes it or the partition is in other hands. */
  async #commit(topic: string, partition: number, next: number): Promise<void> {
    const { clock, stop } = this.#deps;
    const tenure = this.#assignment.tenure(topic, partition);
    let last = Infinity;
    for (;;) {
      try {
        await this.#session.commit(topic, partition, next);
        return;
      } catch (error) {
        if (stop.aborted) last = Math.min(last, clock.monotonic() + LAST_COMMIT_MS);
        const over = isRebalance(error) || isFatal(error) || tenure?.held !== true;
        if (over || clock.monotonic() >= last) throw error;
      }
      await clock.sleep(COMMIT_PAUSE_MS);
    }
  }

  #fail(error: KafkaError): void {
    this.#failed.reject(error);
  }
}
