import type { LogReader } from '@chatplatform/kafka';
import type { Generation, Latest } from '@chatplatform/redis';
import { backoff, type Clock, type Random } from '@chatplatform/runtime';
import type { Gauge, Logger } from '@chatplatform/telemetry';
import type { Admission } from '../chat/decode.ts';
import { chunksOf, groupByRoom, toLatest } from '../chat/room-appender.ts';
import { LOST_REWIND_MS } from '../pipeline/partition-state.ts';
import { PastValues } from './past-values.ts';

/** Rest after each reading, as a share of the time it took: what is new gets at least half of the worker. */
const REST = 1;
/** By then a replica has what was written, ms; a failover before that begins the restoration anew. */
const SETTLE_MS = 5_000;
/** Waits between attempts while Redis or Kafka fail, ms. */
const RETRY = { base: 250, factor: 2, max: 5_000, jitter: 0.5 } as const;

/** What must be known of the store; everything rejects with infrastructure errors. */
export interface ValueStore {
  /** Resolves with the generation of the data when it may be written to. */
  confirm(): Promise<Generation>;
  /** Whether the latest-value rooms of a partition have all their values in this life of the data. */
  hasValues(topic: string, partition: number, generation: Generation): Promise<boolean>;
  /** They have, from the offset `begin` of the log on. */
  markValues(
    topic: string,
    partition: number,
    done: { generation: Generation; begin: number },
  ): Promise<void>;
  /** They may have lost some again. */
  doubtValues(topic: string, partition: number): Promise<void>;
}

interface Deps {
  readonly store: ValueStore;
  readonly reader: LogReader;
  readonly latest: Latest;
  readonly admission: Admission;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Records still to be read, by partition. */
  readonly left: Gauge;
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** A partition at hand. */
interface Held {
  readonly place: Place;
  readonly stop: AbortController;
  /** When it was restored, on the monotonic clock; `undefined` while it is not, or if somebody else did it. */
  restoredAt: number | undefined;
}

/** One reading of a partition. */
interface Reading extends Place {
  readonly past: PastValues;
  readonly signal: AbortSignal;
  next: number;
  values: number;
}

/**
 * Gives the latest-value rooms of the partitions at hand their values back after Redis lost everything: those older than
 * what is applied again. Joins into these rooms wait for it. Two workers that do it for one partition do no harm.
 */
export class ValueRestorer {
  readonly #deps: Deps;
  readonly #held = new Map<string, Held>();
  /** One piece is read at a time, whatever the number of partitions. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The partitions this worker holds now. */
  assigned(topic: string, partitions: readonly number[]): void {
    for (const [key, { place, stop }] of this.#held) {
      if (place.topic !== topic || partitions.includes(place.partition)) continue;
      stop.abort();
      this.#held.delete(key);
    }
    for (const partition of partitions) this.#start({ topic, partition });
  }

  /** The store lost writes: those of a restoration may be among them, also of one that ended a while ago. */
  storeLost(): void {
    const since = this.#deps.clock.monotonic() - LOST_REWIND_MS;
    const held = [...this.#held.values()];
    this.close();
    for (const { place, restoredAt = Number.NEGATIVE_INFINITY } of held)
      this.#start(place, restoredAt > since ? restoredAt : undefined);
  }

  close(): void {
    for (const { stop } of this.#held.values()) stop.abort();
    this.#held.clear();
  }

  /** @param restoredAt when that was, if the store may have lost some of it since */
  #start(place: Place, restoredAt?: number): void {
    const key = `${place.topic}/${place.partition}`;
    if (this.#held.has(key)) return;
    const held: Held = { place, stop: new AbortController(), restoredAt };
    this.#held.set(key, held);
    void this.#insist(held).finally(() => this.#deps.left.remove(String(place.partition)));
  }

  async #insist(held: Held): Promise<void> {
    const { clock, random, logger, store } = this.#deps;
    const { place, stop } = held;
    const { signal } = stop;
    const wait = backoff(RETRY, random);
    while (!signal.aborted) {
      try {
        if (held.restoredAt !== undefined) await store.doubtValues(place.topic, place.partition);
        if (await this.#restored(held)) return;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn(
          { err: error, ...place },
          'values of latest-value rooms could not be restored; trying again',
        );
      }
      await clock.sleep(wait.next(), signal).catch(() => undefined);
    }
  }

  /** False when the store lost something on the way, or the log ends before it should. */
  async #restored(held: Held): Promise<boolean> {
    const { store, clock, reader, admission, logger } = this.#deps;
    const { place } = held;
    const { topic, partition } = place;
    const { signal } = held.stop;
    const generation = await store.confirm();
    if (await store.hasValues(topic, partition, generation)) return true;
    const { begin } = await reader.bounds(topic, partition);
    const past = new PastValues(admission, begin);
    const reading: Reading = { ...place, past, signal, next: begin, values: 0 };
    logger.info(place, 'values of latest-value rooms are restored from the log');
    await this.#readUp(reading);
    await clock.sleep(SETTLE_MS, signal);
    // A leader that was new a moment ago may not have told of its last records then.
    const isWhole = await this.#readUp(reading);
    if (!isWhole || (await store.confirm()).name !== generation.name) return false;
    await store.markValues(topic, partition, { generation, begin: past.begin });
    held.restoredAt = clock.monotonic();
    const { next, values } = reading;
    logger.info({ ...place, records: next - begin, values }, 'values of latest-value rooms are restored');
    return true;
  }

  /** False when nothing comes any more before the end that the partition told. */
  async #readUp(reading: Reading): Promise<boolean> {
    const { reader, left } = this.#deps;
    const { topic, partition } = reading;
    const { end } = await reader.bounds(topic, partition);
    while (reading.next < end) {
      left.set({ partition: String(partition) }, end - reading.next);
      const before = reading.next;
      await this.#inTurn(() => this.#readPiece(reading));
      if (reading.next === before) return false;
    }
    return true;
  }

  async #readPiece(reading: Reading): Promise<void> {
    const { reader, latest, clock } = this.#deps;
    const { topic, partition, past, signal } = reading;
    signal.throwIfAborted();
    const begun = clock.monotonic();
    const { records, next } = await reader.piece({ topic, partition, offset: reading.next });
    const values = await past.of(records);
    const rooms = [...groupByRoom(values)];
    await Promise.all(
      rooms.map(async ([room, messages]) => {
        for (const chunk of chunksOf(messages)) await latest.restore({ room, values: chunk.map(toLatest) });
      }),
    );
    reading.values += values.length;
    reading.next = next;
    await clock.sleep(REST * (clock.monotonic() - begun), signal);
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(task);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}
