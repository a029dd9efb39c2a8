import type { fetchV15 } from '@platformatic/kafka';
import type { Clock } from '@chatplatform/runtime';
import { codeOfBrokerError } from '../broker-errors.ts';
import { KafkaError } from '../errors.ts';
import type { InRecord } from '../port/consumer.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { Cluster } from './cluster.ts';
import { nameOfError } from './error-names.ts';
import { grouped } from './grouped.ts';
import { EARLIEST, fetchOnce, NO_EPOCH, offsetAt } from './log-requests.ts';
import { fromBatches } from './records.ts';

/** Pause after a fetch that failed or found no leader, ms. */
const PAUSE_MS = 100;
/** Beyond the time the broker itself waits for records, ms. */
const ANSWER_MARGIN_MS = 5_000;

type PartitionAnswer = fetchV15.FetchResponsePartition;

/** Records of one partition, fetched and not yet handled. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly InRecord[];
  readonly highWatermark: number;
  /** Where reading goes on after this batch. */
  readonly next: number;
  /** Changes with every seek. */
  readonly aim: number;
}

interface Deps {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: KafkaLogger;
  readonly maxWaitMs: number;
  readonly maxBytesPerPartition: number;
  /** Batches handled at the same time. */
  readonly concurrency: number;
  /** Handles one batch; calls of one partition never overlap. Never rejects. */
  handle(batch: Batch): Promise<void>;
  alive(): void;
  /** Reading cannot go on, whatever is tried. */
  fail(error: KafkaError): void;
}

/** Where the reading of one partition stands. */
interface Slot {
  readonly topic: string;
  readonly partition: number;
  /** Offset to fetch next. */
  position: number;
  aim: number;
  /** Fetched while the one before is handled. */
  ready: Batch | undefined;
  handling: boolean;
  /** What has to be found out before the next fetch: who leads the partition, where its log begins. */
  lacks: 'nothing' | 'leader' | 'beginning';
}

/**
 * Reads the assigned partitions: one request at a time to each leader for all partitions that have room, and one batch
 * ahead of what is being handled.
 */
export class PartitionFetcher {
  readonly #deps: Deps;
  readonly #slots = new Map<string, Slot>();
  readonly #flying = new Set<number>();
  #handling = 0;
  #paused = true;
  #closed = false;
  #asking = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Reads `topic[partition]` from `offset` on; `undefined`: from the beginning of the log. */
  begin(topic: string, partition: number, offset: number | undefined): void {
    this.#slots.set(keyOf(topic, partition), {
      topic,
      partition,
      position: offset ?? 0,
      aim: 0,
      ready: undefined,
      handling: false,
      lacks: offset === undefined ? 'beginning' : 'nothing',
    });
  }

  /** Stops reading every partition that `keep` does not name. */
  retain(keep: (topic: string, partition: number) => boolean): void {
    for (const [key, slot] of this.#slots) if (!keep(slot.topic, slot.partition)) this.#slots.delete(key);
  }

  has(topic: string, partition: number): boolean {
    return this.#slots.has(keyOf(topic, partition));
  }

  /** Has the next batch begin at `offset`; what was fetched already is dropped. */
  seek(topic: string, partition: number, offset: number): void {
    const slot = this.#slots.get(keyOf(topic, partition));
    if (slot === undefined) return;
    slot.position = offset;
    slot.aim += 1;
    slot.ready = undefined;
    if (slot.lacks === 'beginning') slot.lacks = 'nothing';
    this.#pump();
  }

  /** The batch was handled up to `next`: reading goes on there, unless it was moved meanwhile. */
  handledTo(batch: Batch, next: number): void {
    const slot = this.#slots.get(keyOf(batch.topic, batch.partition));
    if (slot?.aim === batch.aim && next !== batch.next) this.seek(batch.topic, batch.partition, next);
  }

  resume(): void {
    this.#paused = false;
    this.#dispatch();
    this.#pump();
  }

  /** Hands out no further batch until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  close(): void {
    this.#closed = true;
    this.#slots.clear();
  }

  #pump(): void {
    if (this.#paused || this.#closed) return;
    const { cluster } = this.#deps;
    for (const slot of this.#slots.values()) {
      if (slot.lacks === 'nothing' && cluster.leaderOf(slot.topic, slot.partition) === undefined)
        slot.lacks = 'leader';
    }
    const slots = [...this.#slots.values()].filter(({ ready }) => ready === undefined);
    if (slots.some(({ lacks }) => lacks !== 'nothing')) void this.#ask();
    const byLeader = grouped(
      slots.filter(({ lacks }) => lacks === 'nothing'),
      ({ topic, partition }) => cluster.leaderOf(topic, partition) as number,
    );
    for (const [node, share] of byLeader) if (!this.#flying.has(node)) void this.#fetch(node, share);
  }

  async #fetch(node: number, slots: readonly Slot[]): Promise<void> {
    this.#flying.add(node);
    const asked = new Map(slots.map((slot) => [slot, slot.position]));
    try {
      const answer = await this.#request(node, slots);
      this.#deps.alive();
      this.#take(asked, answer);
    } catch (error) {
      this.#deps.logger.debug({ err: error, node }, 'a fetch failed; it is tried again');
      for (const slot of slots) slot.lacks = 'leader';
      if (isRefusal(error)) this.#deps.fail(error);
    } finally {
      this.#flying.delete(node);
    }
    this.#dispatch();
    this.#pump();
  }

  async #request(node: number, slots: readonly Slot[]): Promise<fetchV15.FetchResponse> {
    const { cluster, maxWaitMs, maxBytesPerPartition } = this.#deps;
    const topics = Array.from(
      grouped(slots, ({ topic }) => topic),
      ([topic, share]) => ({
        topicId: cluster.topic(topic)?.id ?? '',
        partitions: share.map(({ partition, position }) => ({
          partition,
          currentLeaderEpoch: NO_EPOCH,
          fetchOffset: BigInt(position),
          lastFetchedEpoch: NO_EPOCH,
          partitionMaxBytes: maxBytesPerPartition,
        })),
      }),
    );
    return fetchOnce(
      cluster,
      { node, lane: 'fetch', timeoutMs: maxWaitMs + ANSWER_MARGIN_MS },
      maxWaitMs,
      topics,
    );
  }

  #take(asked: ReadonlyMap<Slot, number>, { responses }: fetchV15.FetchResponse): void {
    const answers = new Map<string, PartitionAnswer>();
    for (const { topicId, partitions } of responses) {
      for (const answer of partitions) answers.set(`${topicId}/${answer.partitionIndex}`, answer);
    }
    for (const [slot, position] of asked) {
      const id = this.#deps.cluster.topic(slot.topic)?.id ?? '';
      const answer = answers.get(`${id}/${slot.partition}`);
      const current = this.#slots.get(keyOf(slot.topic, slot.partition)) === slot;
      // A seek or the loss of the partition while the request was under way makes the answer worthless.
      if (answer !== undefined && current && slot.position === position) this.#accept(slot, answer);
    }
  }

  #accept(slot: Slot, { errorCode, records: batches, highWatermark }: PartitionAnswer): void {
    if (errorCode !== 0) {
      this.#refused(slot, nameOfError(errorCode));
      return;
    }
    if (!batches) return;
    const { topic, partition, position, aim } = slot;
    const { records, next } = fromBatches(partition, position, batches);
    slot.position = next;
    if (records.length === 0) return;
    slot.ready = { topic, partition, records, highWatermark: Number(highWatermark), next, aim };
  }

  #refused(slot: Slot, name: string): void {
    const { topic, partition, position } = slot;
    const error = new KafkaError(codeOfBrokerError(name), `reading ${topic}[${partition}]: ${name}`);
    slot.lacks = name === 'OFFSET_OUT_OF_RANGE' ? 'beginning' : 'leader';
    if (slot.lacks === 'beginning') {
      const words = 'the offset is not in the log; reading from its beginning';
      this.#deps.logger.warn({ topic, partition, offset: position }, words);
    } else if (isRefusal(error)) this.#deps.fail(error);
  }

  #dispatch(): void {
    for (const slot of this.#slots.values()) {
      if (this.#paused || this.#handling >= this.#deps.concurrency) return;
      if (slot.ready !== undefined && !slot.handling) void this.#handle(slot, slot.ready);
    }
  }

  async #handle(slot: Slot, batch: Batch): Promise<void> {
    slot.ready = undefined;
    slot.handling = true;
    this.#handling += 1;
    this.#pump();
    await this.#deps.handle(batch);
    slot.handling = false;
    this.#handling -= 1;
    this.#dispatch();
    this.#pump();
  }

  /** Finds out what partitions lack; partitions that lack nothing are read meanwhile. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { clock, logger } = this.#deps;
    try {
      await this.#findOut();
    } catch (error) {
      logger.debug({ err: error }, 'the brokers could not be asked; trying again');
    }
    await clock.sleep(PAUSE_MS);
    this.#asking = false;
    this.#deps.alive();
    this.#pump();
  }

  async #findOut(): Promise<void> {
    const { cluster } = this.#deps;
    const slots = [...this.#slots.values()].filter(({ lacks }) => lacks !== 'nothing');
    if (
      slots.some(
        ({ topic, partition, lacks }) =>
          lacks === 'leader' || cluster.leaderOf(topic, partition) === undefined,
      )
    )
      await cluster.refresh([...new Set(slots.map(({ topic }) => topic))]);
    for (const slot of slots) {
      const { topic, partition, aim } = slot;
      if (slot.lacks === 'beginning') {
        const offset = await offsetAt(cluster, { topic, partition }, EARLIEST);
        if (slot.aim === aim) slot.position = offset;
      }
      if (cluster.leaderOf(topic, partition) !== undefined) slot.lacks = 'nothing';
      this.#pump();
    }
  }
}

function isRefusal(error: unknown): error is KafkaError {
  return error instanceof KafkaError && (error.code === 'invalid' || error.code === 'unauthorized');
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
