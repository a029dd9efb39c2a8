import { KafkaError } from '../errors.ts';
import type { InRecord } from '../port/consumer.ts';
import type { LogBounds, LogPiece, LogPlace, LogRange, LogReader } from '../port/log-reader.ts';
import type { MemoryFaults } from './faults.ts';
import type { MemoryLog } from './log.ts';

/** Records of one piece: a broker counts bytes. */
const PIECE = 1_000;

/** The log reader of the twin. */
export class MemoryLogReader implements LogReader {
  readonly #log: MemoryLog;
  readonly #faults: MemoryFaults;

  constructor(log: MemoryLog, faults: MemoryFaults) {
    this.#log = log;
    this.#faults = faults;
  }

  async read({ topic, partition, from, to, maxRecords, signal }: LogRange): Promise<InRecord[]> {
    const { begin, end } = await this.bounds(topic, partition);
    if (signal?.aborted === true) throw new KafkaError('closed', 'the reading was ended');
    if (from < begin || from > end) {
      throw new KafkaError(
        'out-of-range',
        `offset ${from} of ${topic}/${partition} is not in the log; it holds ${begin} to ${end}`,
      );
    }
    return this.#log.partition(topic, partition).slice(from, Math.min(to, from + maxRecords));
  }

  async piece({ topic, partition, offset }: LogPlace): Promise<LogPiece> {
    const to = offset + PIECE;
    const records = await this.read({ topic, partition, from: offset, to, maxRecords: PIECE });
    return { records, next: offset + records.length };
  }

  async bounds(topic: string, partition: number): Promise<LogBounds> {
    // A turn of the loop, as a socket would take: callers must not rely on an answer in the same turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#faults.outage) throw new KafkaError('unavailable', 'no broker answers');
    const records = this.#log.partition(topic, partition);
    return { begin: this.#log.beginOf(topic, partition), end: records.length };
  }
}
