import type { Clock, Timer } from '@chatplatform/runtime';
import type { BatchResult, ConsumeOptions, InRecord, RecordBatch } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { Rewind } from '../port/rewinds.ts';
import type { Assignment, Tenure } from './assignment.ts';
import { Commits } from './commits.ts';

/** Pause after `eachBatch` rejected, ms: a defect must not spin. */
const PAUSE_MS = 1_000;

/** What a driver fetched for one partition, and how to answer the group about it. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly InRecord[];
  readonly highWatermark: number;
  /** Rejects with something `isLost` names when the membership is over. */
  heartbeat(): Promise<void>;
  /** Reads on from `next`. */
  readOn(next: number): void;
  /** Tells the group that everything below `next` is done. */
  commit(next: number): Promise<void>;
}

/** What differs between drivers. */
export interface BatchHandlerDeps {
  readonly options: ConsumeOptions;
  readonly assignment: Assignment;
  readonly clock: Clock;
  readonly logger: KafkaLogger;
  readonly heartbeatIntervalMs: number;
  /** The group's committed offset, `undefined` when there is none. */
  committed(topic: string, partition: number): Promise<number | undefined>;
  seek(topic: string, partition: number, offset: number): void;
  /** Whether an error of `heartbeat` says that the group takes (or took) the partitions away. */
  isLost(error: unknown): boolean;
  alive(): void;
  stopping(): boolean;
}

/** Runs one batch of a driver through `eachBatch`: heartbeats meanwhile, afterwards a seek, or a commit soon. */
export class BatchHandler {
  readonly #deps: BatchHandlerDeps;
  /** Last call per partition: a driver may hand out a partition again while an old call still runs. */
  readonly #tails = new Map<string, Promise<void>>();
  readonly #commits: Commits;

  constructor(deps: BatchHandlerDeps) {
    this.#deps = deps;
    this.#commits = new Commits(deps.clock, deps.logger);
  }

  /** Rejects only with what the driver must see: a lost membership, a failed commit. */
  handle(delivery: Delivery): Promise<void> {
    const key = `${delivery.topic}/${delivery.partition}`;
    const before = this.#tails.get(key) ?? Promise.resolve();
    const call = before.then(() => this.#run(delivery));
    this.#tails.set(
      key,
      call.catch(() => undefined),
    );
    return call;
  }

  /** Has the next fetch begin at `offset`; a batch under way ends first, and what it says moves nothing forward. */
  rewind({ topic, partition, offset }: Rewind): void {
    const tenure = this.#deps.assignment.tenure(topic, partition);
    if (tenure === undefined) return;
    tenure.wanted = Math.min(offset, tenure.wanted ?? offset);
    this.#deps.seek(topic, partition, tenure.wanted);
  }

  /** Resolves when no batch is under way and the group was told of all that is done. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
    await this.flush();
  }

  /** Tells the group what is done so far. */
  flush(): Promise<void> {
    return this.#commits.flush();
  }

  async #run(delivery: Delivery): Promise<void> {
    const { topic, partition, records } = delivery;
    const tenure = this.#deps.assignment.tenure(topic, partition);
    const first = records[0];
    if (tenure === undefined || first === undefined) return;
    if (tenure.committed === 'unread') tenure.committed = await this.#deps.committed(topic, partition);
    if (first.offset <= (tenure.wanted ?? -1)) tenure.wanted = undefined;
    this.#deps.alive();
    const pulse = new Pulse(delivery, this.#deps);
    try {
      const result = await this.#call(this.#recordBatch(delivery, tenure, pulse));
      if (tenure.held) await this.#finish(delivery, tenure, result);
    } finally {
      pulse.stop();
    }
    this.#deps.alive();
    if (pulse.lost !== undefined) throw pulse.lost;
  }

  async #call(batch: RecordBatch): Promise<BatchResult> {
    try {
      return await this.#deps.options.eachBatch(batch);
    } catch (error) {
      const { topic, partition } = batch;
      const offset = batch.records[0]?.offset ?? 0;
      this.#deps.logger.error(
        { err: error, topic, partition, offset },
        'handling a batch failed; it is read again',
      );
      await this.#deps.clock.sleep(PAUSE_MS);
      return { seek: offset };
    }
  }

  async #finish(delivery: Delivery, tenure: Tenure, result: BatchResult): Promise<void> {
    const { topic, partition } = delivery;
    if ('seek' in result) {
      this.#deps.seek(topic, partition, Math.min(result.seek, tenure.wanted ?? result.seek));
      return;
    }
    const { commit: next } = result;
    const progress = {
      ...{ topic, partition, tenure, next },
      isHeld: () => tenure.held,
      write: (offset: number) => delivery.commit(offset),
    };
    // Who stops leaves at once: nobody else would tell the group.
    if (this.#deps.stopping()) await this.#commits.now(progress);
    else this.#commits.note(progress);
    delivery.readOn(next);
    tenure.committed = next;
    tenure.fresh = false;
  }

  #recordBatch(delivery: Delivery, tenure: Tenure, pulse: Pulse): RecordBatch {
    const { topic, partition, records, highWatermark } = delivery;
    return {
      topic,
      partition,
      records,
      highWatermark,
      tenure: tenure.id,
      firstAfterAssignment: tenure.fresh,
      committed: tenure.committed === 'unread' ? undefined : tenure.committed,
      heartbeat: () => {
        this.#deps.alive();
        return pulse.beat();
      },
      isStale: () => !tenure.held || pulse.lost !== undefined || this.#deps.stopping(),
    };
  }
}

/** Heartbeats while a batch is handled: not every client sends them by itself. */
class Pulse {
  /** Why the membership is over, once it is. */
  lost: unknown;
  readonly #delivery: Delivery;
  readonly #deps: BatchHandlerDeps;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(delivery: Delivery, deps: BatchHandlerDeps) {
    this.#delivery = delivery;
    this.#deps = deps;
    this.#plan();
  }

  /** Never rejects: a broker that is away is no reason to drop the batch, a rebalance is noted. */
  async beat(): Promise<void> {
    try {
      await this.#delivery.heartbeat();
    } catch (error) {
      if (this.#deps.isLost(error)) this.lost ??= error;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #plan(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.setTimeout(
      () => void this.beat().then(() => this.#plan()),
      this.#deps.heartbeatIntervalMs,
    );
  }
}
