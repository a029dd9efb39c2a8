import type { Batch, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Clock, Timer } from '@chatplatform/runtime';
import type { BatchResult, ConsumeOptions, InRecord, RecordBatch } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { Rewind } from '../port/rewinds.ts';
import type { Assignment, Tenure } from './assignment.ts';
import { isRebalance } from './failures.ts';

/** Pause after `eachBatch` rejected, ms: a defect must not spin. */
const PAUSE_MS = 1_000;

interface Deps {
  readonly options: ConsumeOptions;
  readonly assignment: Assignment;
  readonly clock: Clock;
  readonly logger: KafkaLogger;
  readonly heartbeatIntervalMs: number;
  /** The group's committed offset, `undefined` when there is none. */
  committed(topic: string, partition: number): Promise<number | undefined>;
  seek(topic: string, partition: number, offset: number): void;
  alive(): void;
  stopping(): boolean;
}

/** Runs one kafkajs batch through `eachBatch`: heartbeats meanwhile, commit or seek afterwards. */
export class BatchHandler {
  readonly #deps: Deps;
  /** Last call per partition: kafkajs may hand out a partition again while an old call still runs. */
  readonly #tails = new Map<string, Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Rejects only with what kafkajs must see: a lost membership, a failed commit. */
  handle(payload: EachBatchPayload): Promise<void> {
    const key = `${payload.batch.topic}/${payload.batch.partition}`;
    const before = this.#tails.get(key) ?? Promise.resolve();
    const call = before.then(() => this.#run(payload));
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

  async #run(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const tenure = this.#deps.assignment.tenure(topic, partition);
    if (tenure === undefined || payload.batch.messages.length === 0) return;
    if (tenure.committed === 'unread') tenure.committed = await this.#deps.committed(topic, partition);
    if (Number(payload.batch.messages[0]?.offset) <= (tenure.wanted ?? -1)) tenure.wanted = undefined;
    this.#deps.alive();
    const pulse = new Pulse(payload, this.#deps);
    try {
      const result = await this.#call(this.#recordBatch(payload, tenure, pulse));
      if (tenure.held) await this.#finish(payload, tenure, result);
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

  async #finish(payload: EachBatchPayload, tenure: Tenure, result: BatchResult): Promise<void> {
    const { topic, partition } = payload.batch;
    if ('seek' in result) {
      this.#deps.seek(topic, partition, Math.min(result.seek, tenure.wanted ?? result.seek));
      return;
    }
    const offset = String(result.commit);
    // Not consumer.commitOffsets(): that one silently does nothing once stop() was called.
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    payload.resolveOffset(String(result.commit - 1));
    tenure.committed = result.commit;
    tenure.fresh = false;
  }

  #recordBatch(payload: EachBatchPayload, tenure: Tenure, pulse: Pulse): RecordBatch {
    const { batch } = payload;
    return {
      topic: batch.topic,
      partition: batch.partition,
      records: toRecords(batch),
      highWatermark: Number(batch.highWatermark),
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

/** Heartbeats while a batch is handled: kafkajs sends none by itself. */
class Pulse {
  /** Why the membership is over, once it is. */
  lost: unknown;
  readonly #payload: EachBatchPayload;
  readonly #deps: Deps;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(payload: EachBatchPayload, deps: Deps) {
    this.#payload = payload;
    this.#deps = deps;
    this.#plan();
  }

  /** Never rejects: a broker that is away is no reason to drop the batch, a rebalance is noted. */
  async beat(): Promise<void> {
    try {
      await this.#payload.heartbeat();
    } catch (error) {
      if (isRebalance(error)) this.lost ??= error;
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

function toRecords(batch: Batch): InRecord[] {
  return batch.messages.map((message) => ({
    partition: batch.partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? null,
    value: message.value,
    headers: toHeaders(message.headers),
  }));
}

function toHeaders(headers: KafkaMessage['headers']): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    // Of a repeated header the first one counts, as for every reader of this package.
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) texts[name] = first.toString();
  }
  return texts;
}
