import type { BatchResult, KafkaAdmin, RecordBatch } from '@chatplatform/kafka';
import type { Generation } from '@chatplatform/redis';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { isInfrastructure } from './infrastructure.ts';
import { LOST_REWIND_MS, PartitionState, REWIND_MS, type RewindReason } from './partition-state.ts';
import type { PipelineMetrics } from './pipeline-metrics.ts';
import type { Service } from './service.ts';
import type { Waker } from './waker.ts';

/** Waits between attempts while Redis or Kafka fail, ms: quick at first, then no burden for what comes back. */
const RETRY = { base: 50, factor: 2, max: 2_000, jitter: 0.5 } as const;

/** What a pipeline must know of the store its service writes to; everything rejects with infrastructure errors. */
export interface RebuiltStore {
  /** Resolves with the generation of the data when it may be written to. */
  confirm(): Promise<Generation>;
  /** Something in it is older than it was: whatever it last said of itself may be wrong. */
  doubt(): void;
  /** In which generation a partition was last rebuilt, whoever held it. */
  rebuiltIn(topic: string, partition: number): Promise<Generation | undefined>;
  /** From which offset on a partition is in the store as a whole once this reading has come up; 0: all of it. */
  horizon(topic: string, partition: number, replay: Replay): Promise<number>;
  /** The reading has come up; `begin` is its horizon. */
  markRebuilt(topic: string, partition: number, replay: Replay): Promise<void>;
}

/** A reading of a partition that misses nothing of what follows `begin`. */
export interface Replay {
  readonly generation: Generation;
  readonly begin: number;
}

export interface PipelineDeps {
  readonly service: Service;
  readonly admin: Pick<KafkaAdmin, 'offsetAt'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: PipelineMetrics;
  readonly waker: Pick<Waker, 'wake'>;
  readonly store: RebuiltStore;
}

/**
 * Consume → apply → commit, shared by all services. Decides what is committed and what is read again;
 * what is done with records is the service's. Infrastructure errors are waited out without limit.
 */
export class Pipeline {
  readonly #deps: PipelineDeps;
  readonly #states = new Map<string, PartitionState>();
  /** topic → partitions this worker holds. */
  readonly #held = new Map<string, readonly number[]>();
  /** Partitions of which no batch came since they were assigned. */
  readonly #unseen = new Set<string>();

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  /** Handles one batch of a consumer. Rejects only on a defect: the batch is then read again, never skipped. */
  async handle(batch: RecordBatch): Promise<BatchResult> {
    const { clock, metrics } = this.#deps;
    const started = clock.monotonic();
    const wait = backoff(RETRY, this.#deps.random);
    for (;;) {
      try {
        const result = await this.#attempt(batch);
        metrics.batchSeconds.observe((clock.monotonic() - started) / 1000);
        return result;
      } catch (error) {
        if (!isInfrastructure(error)) throw error;
        const { topic, partition } = batch;
        metrics.retries.inc();
        this.#deps.logger.warn(
          { err: error, topic, partition },
          'Redis or Kafka failed; the batch is tried again',
        );
      }
      if (batch.isStale()) return { seek: firstOffset(batch) };
      await clock.sleep(wait.next());
      await batch.heartbeat();
    }
  }

  /**
   * The partitions this worker holds now; what it knew of others is dropped. Each is read at least once, also
   * where nothing new is written: whoever held it may have left with Redis short of its last writes.
   */
  assigned(topic: string, partitions: readonly number[]): void {
    for (const partition of this.#held.get(topic) ?? []) this.#unseen.delete(keyOf(topic, partition));
    this.#held.set(topic, partitions);
    for (const partition of partitions) {
      this.#unseen.add(keyOf(topic, partition));
      // The new assignment reads on from the commit, wherever a replay stood: it begins anew.
      const state = this.#states.get(keyOf(topic, partition));
      state?.goBack(0, state.reason);
    }
    for (const [key, state] of this.#states) {
      if (state.topic !== topic || partitions.includes(state.partition)) continue;
      this.#states.delete(key);
      this.#deps.service.forget(topic, state.partition);
      this.#deps.metrics.lag.remove(String(state.partition));
    }
    this.#wake(topic);
  }

  /** The store lost writes: every partition goes far back, at once and before anything newer is written. */
  storeLost(): void {
    this.#allGoBack(LOST_REWIND_MS, 'store-lost');
    this.#wakeAll();
  }

  #allGoBack(ms: number, reason: RewindReason): void {
    for (const state of this.#states.values()) {
      state.goBack(ms, reason);
      this.#deps.service.forget(state.topic, state.partition);
    }
  }

  #wakeAll(): void {
    for (const topic of this.#held.keys()) this.#wake(topic);
  }

  #wake(topic: string): void {
    this.#deps.waker.wake(topic, (partition) => this.#waitsForBatch(topic, partition));
  }

  /**
   * Only such a partition may be moved from outside: what a batch leads to begins with going back, so that
   * nothing is skipped. One that is being replayed would be.
   */
  #waitsForBatch(topic: string, partition: number): boolean {
    if (this.#held.get(topic)?.includes(partition) !== true) return false;
    const key = keyOf(topic, partition);
    return this.#unseen.has(key) || (this.#states.get(key)?.rewindMs ?? 0) > 0;
  }

  async #attempt(batch: RecordBatch): Promise<BatchResult> {
    const generation = await this.#deps.store.confirm();
    const state = this.#stateOf(batch);
    await this.#compareGenerations(state, generation);
    const target = await this.#rewindTarget(state, batch);
    if (target !== undefined) return { seek: target };
    const first = firstOffset(batch);
    state.checkpoints.note(this.#deps.clock.monotonic(), first);
    const { topic, partition, records } = batch;
    const horizon = await this.#horizonOf(state, { generation, begin: first });
    const result = await this.#deps.service.apply({ topic, partition, records, floor: state.floor, horizon });
    if (result === 'behind') return this.#goBack(state, first);
    await this.#noteRebuilt(state, batch);
    return this.#advance(state, batch);
  }

  #stateOf(batch: RecordBatch): PartitionState {
    const { topic, partition, tenure, committed } = batch;
    const key = keyOf(topic, partition);
    if (!batch.isStale()) this.#unseen.delete(key);
    let state = this.#states.get(key);
    if (state === undefined || state.tenure !== tenure) {
      this.#deps.service.forget(topic, partition);
      state = new PartitionState({ topic, partition, tenure, floor: committed ?? 0 });
      if (state.floor > 0) state.goBack(REWIND_MS, 'assignment');
      this.#states.set(key, state);
    }
    return state;
  }

  /**
   * A loss is told once, to those who were there. Whoever takes a partition later learns from the store itself whether
   * somebody has rebuilt it since.
   */
  async #compareGenerations(state: PartitionState, generation: Generation): Promise<void> {
    const { name } = generation;
    if (state.rebuiltIn === name || state.rebuildingIn?.name === name) return;
    const { topic, partition } = state;
    state.horizon = undefined;
    if ((await this.#deps.store.rebuiltIn(topic, partition))?.name === name) {
      state.rebuiltIn = name;
      return;
    }
    state.rebuildingIn = generation;
    if (state.floor > 0) state.goBack(LOST_REWIND_MS, 'store-lost');
  }

  /** Asked once in a generation, with the first batch that is applied: whatever lies behind it will be, too. */
  async #horizonOf(state: PartitionState, replay: Replay): Promise<number> {
    state.horizon ??= await this.#deps.store.horizon(state.topic, state.partition, replay);
    return state.horizon;
  }

  /** Whatever was lost before this generation is written again once the replay has come up to the commit. */
  async #noteRebuilt(state: PartitionState, batch: RecordBatch): Promise<void> {
    const generation = state.rebuildingIn;
    if (generation === undefined || state.rewindMs > 0 || nextOffset(batch) < state.floor) return;
    // Somebody else may be further by now, with a later commit than the one replayed up to.
    if (batch.isStale()) return;
    const begin = state.horizon ?? 0;
    await this.#deps.store.markRebuilt(state.topic, state.partition, { generation, begin });
    state.rebuiltIn = generation.name;
    state.rebuildingIn = undefined;
  }

  /**
   * Where to read instead of applying this batch. Going back is measured from the last committed record,
   * which has to be read first: the batch at hand may be hours younger.
   */
  async #rewindTarget(state: PartitionState, batch: RecordBatch): Promise<number | undefined> {
    if (state.rewindMs === 0) return undefined;
    const first = firstOffset(batch);
    if (state.measuring || first < state.floor || state.floor === 0) return this.#goFrom(state, batch);
    const begin = await this.#deps.admin.offsetAt(batch.topic, batch.partition, 0);
    state.measuring = begin < state.floor;
    if (state.measuring) return state.floor - 1;
    // All that was committed has left the log by age.
    state.wentBack(0);
    return undefined;
  }

  /** Where going back leads, measured from this batch; `undefined`: nowhere below it. */
  async #goFrom(state: PartitionState, batch: RecordBatch): Promise<number | undefined> {
    const { topic, partition } = batch;
    const { clock, admin, metrics } = this.#deps;
    const { rewindMs, reason } = state;
    const first = firstOffset(batch);
    const byLog = await admin.offsetAt(topic, partition, (batch.records[0]?.timestamp ?? 0) - rewindMs);
    const byWork = state.checkpoints.before(clock.monotonic() - rewindMs) ?? byLog;
    const target = Math.min(byLog, byWork);
    // The answer of a batch that is too late is not heeded: going back stays due. So it does when more became due.
    if (batch.isStale() || state.rewindMs !== rewindMs) return Math.min(target, first);
    metrics.rewinds.inc({ reason });
    state.wentBack(rewindMs);
    return target < first ? target : undefined;
  }

  #goBack(state: PartitionState, first: number): BatchResult {
    const { topic, partition } = state;
    this.#deps.store.doubt();
    // Rooms of every partition were on the server that lost something; the others may have nothing to notice it by.
    this.#allGoBack(REWIND_MS, 'behind');
    if (state.rewindMs <= REWIND_MS) state.wentBack(REWIND_MS);
    this.#wakeAll();
    const since = this.#deps.clock.monotonic() - REWIND_MS;
    const target = state.checkpoints.before(since) ?? first;
    this.#deps.metrics.rewinds.inc({ reason: 'behind' });
    this.#deps.logger.warn(
      { topic, partition, from: first, to: target },
      'Redis is behind what was written; reading again',
    );
    return { seek: target };
  }

  #advance(state: PartitionState, batch: RecordBatch): BatchResult {
    const { metrics } = this.#deps;
    const { records, highWatermark } = batch;
    const next = nextOffset(batch);
    const replayed = records.filter((record) => record.offset < state.floor).length;
    metrics.replayed.inc(replayed);
    metrics.records.inc(records.length - replayed);
    metrics.batchSize.observe(records.length);
    metrics.lag.set(
      { partition: String(state.partition) },
      Math.max(0, highWatermark - Math.max(next, state.floor)),
    );
    // Below the commit nothing is committed: it must never go back.
    if (next < state.floor) return { seek: next };
    state.replayMs = 0;
    if (next === state.floor) return { seek: next };
    state.floor = next;
    return { commit: next };
  }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** A batch holds at least one record. */
export function nextOffset(batch: Pick<RecordBatch, 'records'>): number {
  return (batch.records.at(-1)?.offset ?? -1) + 1;
}

function firstOffset(batch: RecordBatch): number {
  return batch.records[0]?.offset ?? batch.committed ?? 0;
}
