import type { InRecord, RangeReader } from '@chatplatform/kafka';
import {
  BEGINNING,
  decodeLogMessage,
  earliestCopyOf,
  parsePosition,
  RecordError,
  type LogMessage,
  type Unrecovered,
} from '@chatplatform/protocol';
import { renderFrame } from '@chatplatform/redis';
import type { Clock } from '@chatplatform/runtime';
import type { Log } from '../publish/log.ts';
import type { RoomEntry } from '../rooms/ring.ts';

/** Records one reading may look at: some hundred ms of fetching and decoding. */
export const MAX_RECORDS = 50_000;
/** Of these in front of the position: what is left is for looking back from it. */
const MAX_AHEAD = 40_000;
/** Time one reading may take, ms: what a client that waits for its rooms puts up with. */
export const MAX_MS = 2_000;
/** Records per request, so that the bounds are looked at in between. */
const PAGE = 5_000;
/** What a reading works with. */
export interface ScanParts {
  reader: RangeReader;
  topic: string;
  clock: Clock;
  log: Log;
  /** Offset of the first record not older than a time, ms since 1970. */
  offsetAt: (partition: number, timestampMs: number) => Promise<number>;
  /** Whether every worker takes the signature of this record; absent = signatures are not looked at. */
  isTrusted?: ((record: InRecord) => boolean) | undefined;
}

/** What to read: messages of a room after `from`, up to and with `head`; without `head` up to the end of the log. */
export interface ScanRange {
  room: string;
  from: string;
  head: string | undefined;
}

/** What the log has of a room after a position: ascending, an unbroken chain by `p` that begins at the position. */
export interface Scanned {
  entries: RoomEntry[];
  /** False: the bounds ended the reading; more may follow behind the last entry. */
  complete: boolean;
}

interface Bounds {
  partition: number;
  begin: number;
  /** The first offset that is not read. */
  to: number;
}

/** Offsets to look at, and how many records may have been looked at before it is enough. */
interface Piece {
  from: number;
  to: number;
  max: number;
}

interface Collected {
  records: InRecord[];
  /** Time of the first record of the piece, whatever room it is of. */
  since: number | undefined;
  complete: boolean;
}

/** One reading of the log for one room. */
export class RoomScan {
  readonly #parts: ScanParts;
  readonly #range: ScanRange;
  readonly #from: number;
  readonly #startedAt: number;
  /** Highest number of each sender so far. */
  readonly #numbers = new Map<string, number>();
  #records = 0;

  constructor(parts: ScanParts, range: ScanRange) {
    this.#parts = parts;
    this.#range = range;
    this.#startedAt = parts.clock.monotonic();
    this.#from = range.from === BEGINNING ? -1 : (parsePosition(range.from)?.offset ?? -1);
  }

  /** Records looked at. */
  get records(): number {
    return this.#records;
  }

  /** Reads; resolves with the reason when the log cannot prove what followed. Rejects with the reader's errors. */
  async run(): Promise<Scanned | Unrecovered> {
    const bounds = await this.#bounds();
    if (typeof bounds === 'string') return bounds;
    const found = await this.#collect(bounds.partition, {
      from: Math.max(this.#from, 0),
      to: bounds.to,
      max: MAX_AHEAD,
    });
    if (!this.#standsOnMessage(found.records[0])) return 'unverified';
    const messages = this.#messages(found.records.filter(({ offset }) => offset > this.#from));
    if (messages === undefined) return 'unverified';
    const before = await this.#lookBack(messages, { ...bounds, since: found.since ?? 0 });
    if (before !== undefined) return before;
    return this.#judge(messages, found.complete);
  }

  async #bounds(): Promise<Bounds | Unrecovered> {
    const { reader, topic, log } = this.#parts;
    const { room, head } = this.#range;
    const partition = log.partitionOf(room);
    const { begin, end } = await reader.bounds(topic, partition);
    if (Math.max(this.#from, 0) < begin) return 'expired';
    const to = head === undefined ? end : (parsePosition(head)?.offset ?? -1) + 1;
    // A new leader may not tell of its last records for a moment; a log that stays that short is found by its watch.
    if (this.#from >= end || to > end) return 'busy';
    return { partition, begin, to };
  }

  /** The records of the room in a piece of the partition. */
  async #collect(partition: number, { from, to, max }: Piece): Promise<Collected> {
    const { reader, topic } = this.#parts;
    const found: Collected = { records: [], since: undefined, complete: true };
    for (let next = from; next < to; ) {
      if (this.#isOver(max, next > from)) return { ...found, complete: false };
      const page = await reader.read({ topic, partition, from: next, to, maxRecords: PAGE });
      this.#records += page.length;
      found.since ??= page[0]?.timestamp;
      for (const record of page) if (record.key === this.#range.room) found.records.push(record);
      next = nextOf(page) ?? to;
    }
    return found;
  }

  /** A reading of one page is never cut: there is nothing to save. */
  #isOver(max: number, hasRead: boolean): boolean {
    if (this.#records >= max) return true;
    return hasRead && this.#parts.clock.monotonic() - this.#startedAt > MAX_MS;
  }

  /** A position that is no record of the room comes from no reply of ours, and what follows it would be chained to nothing. */
  #standsOnMessage(first: InRecord | undefined): boolean {
    return this.#from < 0 || first?.offset === this.#from;
  }

  /** Undefined when it is not certain what workers made of one of them. */
  #messages(records: readonly InRecord[]): LogMessage[] | undefined {
    const { log, isTrusted } = this.#parts;
    const context = { epoch: log.epoch, partitions: log.partitions, keepsLatest: () => false };
    const messages: LogMessage[] = [];
    for (const record of records) {
      if (isTrusted?.(record) === false) return undefined;
      const message = decodeLogMessage(record, context);
      // What is no message went to the dead letters.
      if (!(message instanceof RecordError)) messages.push(message);
    }
    return messages;
  }

  /** Learns the numbers of senders whose earlier copies may stand before the piece; the reason when it cannot. */
  async #lookBack(
    messages: readonly LogMessage[],
    { partition, begin, since }: Bounds & { since: number },
  ): Promise<Unrecovered | undefined> {
    const earliest = earliestCopy(messages, since);
    if (earliest === undefined || this.#from < 0) return undefined;
    const start = await this.#parts.offsetAt(partition, Math.max(0, earliest));
    // Nothing older is there to show that the log reaches back far enough.
    if (begin > 0 && start <= begin) return 'unverified';
    const to = this.#from + 1;
    const { records, complete } = await this.#collect(partition, { from: start, to, max: MAX_RECORDS });
    if (!complete) return 'busy';
    const known = this.#messages(records);
    for (const message of known ?? []) this.#note(message);
    return known === undefined ? 'unverified' : undefined;
  }

  #judge(messages: readonly LogMessage[], complete: boolean): Scanned | Unrecovered {
    const { from, head } = this.#range;
    const entries: RoomEntry[] = [];
    let p = from;
    for (const message of messages) {
      if (message.n <= (this.#numbers.get(message.inst) ?? 0)) continue;
      this.#note(message);
      entries.push({ id: message.id, p, frame: renderFrame(message.frame, p) });
      p = message.id;
    }
    // The workers came to another result: a room's head is always a message that counts.
    if (complete && head !== undefined && p !== head) return 'unverified';
    return { entries, complete };
  }

  #note({ inst, n }: LogMessage): void {
    this.#numbers.set(inst, Math.max(n, this.#numbers.get(inst) ?? 0));
  }
}

/** The time from which on an earlier copy of one of the messages may stand, if that is before the piece that begins at `since`. */
function earliestCopy(messages: readonly LogMessage[], since: number): number | undefined {
  const times = messages.map((message) => earliestCopyOf(message));
  const earliest = times.reduce((least, time) => Math.min(least, time), since);
  return earliest < since ? earliest : undefined;
}

/** The offset behind a full page; a short one is where the range, or the log, ends. */
function nextOf(page: readonly InRecord[]): number | undefined {
  const last = page.at(-1);
  return last === undefined || page.length < PAGE ? undefined : last.offset + 1;
}
