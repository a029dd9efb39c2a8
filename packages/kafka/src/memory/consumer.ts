import { Deferred, type Clock } from '@chatplatform/runtime';
import { Commits } from '../consume/commits.ts';
import { KafkaError } from '../errors.ts';
import type { BatchResult, ConsumeOptions, PartitionConsumer, RecordBatch } from '../port/consumer.ts';
import type { Rewind } from '../port/rewinds.ts';
import type { MemoryFaults } from './faults.ts';
import type { GroupMember, MemoryGroup, Tenure } from './group.ts';
import type { MemoryLog } from './log.ts';

/** Records in one batch of the twin: small, so that tests see many batches. */
const BATCH_RECORDS = 100;
/** Pause after a failed batch and between looks at a broken log, ms. */
const PAUSE_MS = 20;
/** Between looks at a quiet log, ms. What needs an answer sooner wakes the loop; this is for a group that took its partition. */
const IDLE_MS = 250;

interface Deps {
  readonly log: MemoryLog;
  readonly faults: MemoryFaults;
  readonly clock: Clock;
  group(id: string): MemoryGroup;
}

/** A group member of the twin: one loop per partition it holds. */
export class MemoryConsumer implements PartitionConsumer, GroupMember {
  readonly tenures = new Map<string, Tenure>();
  topics: readonly string[] = [];
  readonly #deps: Deps;
  readonly #crashListeners: ((error: Error) => void)[] = [];
  readonly #handling = new Set<Promise<unknown>>();
  readonly #loops = new Set<Promise<void>>();
  readonly #commits: Commits;
  /** Loops that wait for something to read. */
  readonly #waiting = new Set<Deferred>();
  #options: ConsumeOptions | undefined;
  #group: MemoryGroup | undefined;
  #stopRewinds: () => void = () => undefined;
  #stopping = false;
  #lastActivity: number;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#lastActivity = deps.clock.monotonic();
    this.#commits = new Commits(deps.clock, { debug: () => undefined });
  }

  async run(options: ConsumeOptions): Promise<void> {
    this.#options = options;
    this.topics = options.topics;
    this.#group = this.#deps.group(options.groupId);
    this.#stopRewinds = options.rewinds?.onRequest((rewind) => this.#rewind(rewind)) ?? this.#stopRewinds;
    await this.#group.join(this);
  }

  onCrash(listener: (error: Error) => void): void {
    this.#crashListeners.push(listener);
  }

  lastActivity(): number {
    return this.#lastActivity;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.idle();
    await this.#group?.leave(this);
    await Promise.all(this.#loops);
  }

  /** Ends the member without warning, as SIGKILL would: nothing more is read or committed. */
  async kill(): Promise<void> {
    this.#end();
    await this.#group?.evict(this);
  }

  /** Takes its partitions away while it may be working, as a session timeout would; it does not rejoin. */
  async evict(): Promise<void> {
    await this.#group?.evict(this);
  }

  /** Reports a crash that no restart cures. */
  crash(error: Error): void {
    for (const listener of this.#crashListeners) listener(error);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#handling);
    await this.#commits.flush();
  }

  assigned(tenures: readonly Tenure[]): void {
    for (const topic of this.topics) {
      const partitions = tenures.filter((tenure) => tenure.topic === topic).map((tenure) => tenure.partition);
      this.#options?.onAssigned?.(topic, partitions);
    }
    for (const tenure of tenures) {
      const loop = this.#consume(tenure).finally(() => this.#loops.delete(loop));
      this.#loops.add(loop);
    }
  }

  #end(): void {
    this.#stopping = true;
    this.#stopRewinds();
    this.#wake();
  }

  #wake(): void {
    for (const waiting of this.#waiting) waiting.resolve();
  }

  #rewind({ topic, partition, offset }: Rewind): void {
    const tenure = this.tenures.get(`${topic}/${partition}`);
    if (tenure === undefined) return;
    tenure.wanted = Math.min(offset, tenure.wanted ?? offset);
    this.#wake();
  }

  async #consume(tenure: Tenure): Promise<void> {
    let position = this.#group?.committed(tenure.topic, tenure.partition) ?? 0;
    while (!tenure.stale && !this.#stopping) {
      this.#lastActivity = this.#deps.clock.monotonic();
      position = Math.max(tenure.wanted ?? position, this.#deps.log.beginOf(tenure.topic, tenure.partition));
      const batch = this.#fetch(tenure, position);
      if (batch === undefined) await this.#wait(tenure, position);
      else position = await this.#handle(tenure, batch);
    }
  }

  #fetch(tenure: Tenure, position: number): RecordBatch | undefined {
    if (this.#deps.faults.outage) return undefined;
    const log = this.#deps.log.partition(tenure.topic, tenure.partition);
    const records = log.slice(position, position + BATCH_RECORDS);
    if (records.length === 0) return undefined;
    tenure.wanted = undefined;
    return {
      topic: tenure.topic,
      partition: tenure.partition,
      records,
      highWatermark: log.length,
      tenure: tenure.id,
      firstAfterAssignment: tenure.fresh,
      committed: this.#group?.committed(tenure.topic, tenure.partition),
      heartbeat: () => {
        this.#lastActivity = this.#deps.clock.monotonic();
        return Promise.resolve();
      },
      isStale: () => tenure.stale,
    };
  }

  /** Returns the next offset to read. A rebalance waits for the batch, and for the commit behind it. */
  async #handle(tenure: Tenure, batch: RecordBatch): Promise<number> {
    const handling = this.#complete(tenure, batch);
    this.#handling.add(handling);
    try {
      return await handling;
    } finally {
      this.#handling.delete(handling);
    }
  }

  async #complete(tenure: Tenure, batch: RecordBatch): Promise<number> {
    const result = await this.#call(batch);
    if (result instanceof Error) {
      await this.#deps.clock.sleep(PAUSE_MS);
      return batch.records[0]?.offset ?? 0;
    }
    if ('seek' in result) {
      if (tenure.wanted !== undefined) tenure.wanted = Math.min(tenure.wanted, result.seek);
      return result.seek;
    }
    const { commit: next } = result;
    const { topic, partition } = tenure;
    this.#commits.note({
      ...{ topic, partition, tenure, next },
      isHeld: () => !tenure.ended,
      write: (offset) => this.#commit(tenure, offset),
    });
    return next;
  }

  async #call(batch: RecordBatch): Promise<BatchResult | Error> {
    try {
      return await (this.#options as ConsumeOptions).eachBatch(batch);
    } catch (error) {
      return error instanceof Error ? error : new KafkaError('invalid', String(error));
    }
  }

  async #commit(tenure: Tenure, offset: number): Promise<void> {
    while (this.#deps.faults.outage && !tenure.ended) await this.#deps.clock.sleep(PAUSE_MS);
    if (this.#group?.commit(tenure, offset) === true) tenure.fresh = false;
  }

  /** Until there is something to read or the tenure ends. */
  async #wait(tenure: Tenure, position: number): Promise<void> {
    const wake = new Deferred();
    const off = this.#deps.log.onAppend(() => wake.resolve());
    const { clock, faults, log } = this.#deps;
    const timer = clock.setTimeout(() => wake.resolve(), faults.outage ? PAUSE_MS : IDLE_MS);
    this.#waiting.add(wake);
    const ready = !faults.outage && log.partition(tenure.topic, tenure.partition).length > position;
    if (!ready) await wake.promise;
    this.#waiting.delete(wake);
    off();
    timer.cancel();
  }
}
