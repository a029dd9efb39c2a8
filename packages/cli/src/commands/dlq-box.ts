import type { InRecord, Kafka, OutRecord, Sign } from '@chatplatform/kafka';
import type { PlatformNames } from '@chatplatform/platform';
import {
  formatPlace,
  markHeaders,
  ORIGIN_HEADER,
  originalHeaders,
  parseDeadLetter,
  parseMark,
  partitionOf,
  type DeadLetter,
  type DeadLetterMark,
} from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import { CliError } from '../errors.ts';

/** Records per read: some megabytes at most, since a dead letter holds no more than 256 KiB. */
const READ_RECORDS = 100;

/** A dead letter in its topic. */
export interface Letter extends DeadLetter {
  /** `<partition>-<offset>` in the topic of dead letters. */
  readonly id: string;
  readonly record: InRecord;
  /** What became of it; absent while nobody has looked after it. */
  readonly mark?: DeadLetterMark;
}

interface Deps {
  readonly kafka: Kafka;
  readonly topics: PlatformNames['topics'];
  readonly clock: Clock;
  /** Absent where the platform does not sign, or its keys are not at hand. */
  readonly sign: Sign | undefined;
}

/** The dead letters of a platform. Letters are never changed: what became of one is a record behind it. */
export class DeadLetterBox {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** All letters that are still kept, oldest first in each partition, handled ones among them. */
  async letters(signal: AbortSignal): Promise<Letter[]> {
    const { kafka, topics } = this.#deps;
    const partitions = await kafka.admin().partitionCount(topics.deadLetters);
    const all = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => this.#readPartition(partition, signal)),
    );
    const records = all.flat();
    const marks = new Map<string, DeadLetterMark>();
    for (const { headers } of records) {
      const mark = parseMark(headers);
      if (mark !== undefined) marks.set(formatPlace(mark.letter), mark);
    }
    return records.flatMap((record) => letterOf(record, marks));
  }

  /**
   * Writes the record again to the topic it came from, with its own headers and one that names its origin, then marks
   * the letter. Ended in between, the letter is replayed again later, and what reads the record drops the second copy.
   */
  async replay(letter: Letter): Promise<void> {
    const { kafka } = this.#deps;
    const producer = kafka.producer();
    try {
      await producer.append(await this.#again(letter));
      await producer.append(this.#mark(letter, 'replayed'));
    } finally {
      await producer.close();
    }
  }

  /** Marks the letter as one that nothing will be done about. */
  async drop(letter: Letter): Promise<void> {
    const producer = this.#deps.kafka.producer();
    try {
      await producer.append(this.#mark(letter, 'dropped'));
    } finally {
      await producer.close();
    }
  }

  async #readPartition(partition: number, signal: AbortSignal): Promise<InRecord[]> {
    const reader = this.#deps.kafka.logReader();
    const topic = this.#deps.topics.deadLetters;
    const { begin, end } = await reader.bounds(topic, partition);
    const records: InRecord[] = [];
    for (let from = begin; from < end; ) {
      const some = await reader.read({ topic, partition, from, to: end, maxRecords: READ_RECORDS, signal });
      if (some.length === 0) break;
      records.push(...some);
      from = (some.at(-1)?.offset ?? end) + 1;
    }
    return records;
  }

  async #again(letter: Letter): Promise<OutRecord> {
    const { kafka, sign, topics } = this.#deps;
    const { record, origin, omittedBytes } = letter;
    if (omittedBytes !== undefined) {
      throw new CliError(
        'refused',
        `${letter.id} holds no value: its ${omittedBytes} bytes were too many to keep`,
        'have the sender send something smaller, and drop the letter',
      );
    }
    const count = await kafka.admin().partitionCount(origin.topic);
    const { sig, ...headers } = originalHeaders(record.headers);
    const again: OutRecord & { headers: Record<string, string> } = {
      topic: origin.topic,
      // The same partition, unless the fault was that it was the wrong one.
      partition: record.key === null ? origin.partition : partitionOf(record.key, count),
      key: record.key,
      value: record.value,
      headers: { ...headers, [ORIGIN_HEADER]: formatPlace(origin) },
    };
    if (origin.topic !== topics.messages) return again;
    if (sign !== undefined) return sign(again);
    if (sig === undefined) return again;
    throw new CliError(
      'refused',
      `${letter.id} was signed, and the record that repeats it has to be`,
      'give --signing-keys FILE with the keys of the platform',
    );
  }

  #mark({ record, id }: Letter, outcome: DeadLetterMark['outcome']): OutRecord {
    const { partition, offset, key } = record;
    return {
      topic: this.#deps.topics.deadLetters,
      partition,
      key: key ?? id,
      value: null,
      headers: markHeaders({ letter: { partition, offset }, outcome, at: this.#deps.clock.now() }),
    };
  }
}

function letterOf(record: InRecord, marks: ReadonlyMap<string, DeadLetterMark>): Letter[] {
  const letter = parseDeadLetter(record.headers);
  if (letter === undefined) return [];
  const id = formatPlace(record);
  const mark = marks.get(id);
  return [{ ...letter, id, record, ...(mark !== undefined && { mark }) }];
}
