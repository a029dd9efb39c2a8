import type { KafkaAdmin, LogReader } from '@chatplatform/kafka';
import { BEGINNING, namespaceOf, parsePosition, type Position } from '@chatplatform/protocol';
import { roomOptions, type RoomOptions } from '@chatplatform/platform';
import { RedisError, type History, type Receipts, type Redis } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import { LogRefill, type LogRefillOptions } from '../recovery/log-refill.ts';
import { LogWatch, type LogWatchOptions } from '../recovery/log-watch.ts';
import { Beginnings } from '../rooms/beginnings.ts';
import type { HistorySource } from '../rooms/history.ts';
import { roomHistory } from '../rooms/room-history.ts';
import { discoverLog, type Log } from './log.ts';
import { LogEnds } from './log-ends.ts';

/** What finding the log needs. */
export interface LogKnowledgeOptions {
  admin: KafkaAdmin;
  reader: LogReader;
  redis: Redis;
  topics: { messages: string; control: string };
  rooms: readonly RoomOptions[];
  clock: Clock;
  /** How the log may be read for what the history does not have. */
  refill: Pick<LogRefillOptions, 'moderated' | 'isTrusted' | 'onScan'>;
  onError: (error: unknown) => void;
}

/** The log and the history that belongs to it, as soon as Kafka was reached once; until then both are away. */
export class LogKnowledge implements HistorySource {
  readonly #options: LogKnowledgeOptions;
  readonly #ended = new AbortController();
  #log: Log | undefined;
  #source: HistorySource | undefined;
  #history: History | undefined;
  #ends: LogEnds | undefined;

  constructor(options: LogKnowledgeOptions) {
    this.#options = options;
  }

  get log(): Log | undefined {
    return this.#log;
  }

  /** Looks until it is found; rejects only after `stop`. */
  async find(): Promise<void> {
    const { admin, topics, clock, onError } = this.#options;
    this.adopt(await discoverLog(admin, topics, { clock, signal: this.#ended.signal, onError }));
  }

  /** From now on `log` is the log: every read and every id belongs to it. */
  adopt(log: Log): void {
    const { clock, onError, reader, redis, rooms, topics } = this.#options;
    this.#history = redis.history(log.epoch);
    this.#source = roomHistory({
      history: this.#history,
      latest: redis.latest(log.epoch),
      refill: this.#refill(log),
      beginnings: new Beginnings({ keyspace: redis.keyspace, log, topic: topics.messages, onError }),
      isLatest: (namespace) => roomOptions(rooms, namespace).kind === 'latest',
    });
    this.#ends = new LogEnds({ reader, topic: topics.messages, clock });
    this.#log = log;
  }

  /** Watches whether the log stays the same one. */
  watch(on: Pick<LogWatchOptions, 'known' | 'onReplaced'>): LogWatch {
    const { admin, reader, topics, clock, onError } = this.#options;
    return new LogWatch({ admin, reader, topics, clock, onError, log: () => this.#log, ...on });
  }

  stop(): void {
    this.#ended.abort();
  }

  readonly after: HistorySource['after'] = async (room, from, max, atLeast) =>
    this.#known(this.#source).after(room, from, max, atLeast);
  readonly before: HistorySource['before'] = async (room, id, max) =>
    this.#known(this.#source).before(room, id, max);
  readonly newest: HistorySource['newest'] = async (room, max) => this.#known(this.#source).newest(room, max);
  readonly heads: HistorySource['heads'] = async (rooms) => this.#known(this.#source).heads(rooms);
  readonly beginning: HistorySource['beginning'] = async (room) => this.#known(this.#source).beginning(room);

  async lastOf(room: string, sender: string): Promise<{ n: number; offset: number } | undefined> {
    return this.#known(this.#history).lastOf(room, sender);
  }

  /** Whether the log has come to a position of it. Rejects while the log cannot be asked. */
  async isWritten(position: Position): Promise<boolean> {
    if (position === BEGINNING) return true;
    const { partition, offset } = parsePosition(position) ?? { partition: 0, offset: Infinity };
    return this.#known(this.#ends).reaches(partition, offset);
  }

  /** The watermarks that belong to the log; throws `RedisError` until it is known. */
  receipts(): Receipts {
    return this.#options.redis.receipts(this.#known(this.#log).epoch);
  }

  optionsOf(room: string): RoomOptions {
    return roomOptions(this.#options.rooms, namespaceOf(room));
  }

  #refill(log: Log): LogRefill {
    const { admin, reader, topics, clock, refill } = this.#options;
    const topic = topics.messages;
    return new LogRefill({
      ...refill,
      reader,
      topic,
      clock,
      log,
      offsetAt: (partition, timestampMs) => admin.offsetAt(topic, partition, timestampMs),
    });
  }

  #known<T>(part: T | undefined): T {
    if (part !== undefined) return part;
    throw new RedisError('unavailable', 'the epoch of the log is not known yet: Kafka was not reached');
  }
}
