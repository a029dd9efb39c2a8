import type { InRecord, LogBounds, LogRange, RangeReader } from '@chatplatform/kafka';

/** Records per request to the brokers. */
const PAGE = 5_000;

/**
 * Reads each piece of the log once for all who read through it, however their ranges overlap. For readings that begin
 * together and end soon: what is written after the first look is not seen, and everything read is kept until the last
 * of them is done.
 */
export class SharedReader implements RangeReader {
  readonly #reader: RangeReader;
  readonly #bounds = new Map<string, Promise<LogBounds>>();
  readonly #pages = new Map<string, Promise<InRecord[]>>();

  constructor(reader: RangeReader) {
    this.#reader = reader;
  }

  bounds(topic: string, partition: number): Promise<LogBounds> {
    return once(this.#bounds, `${topic} ${partition}`, () => this.#reader.bounds(topic, partition));
  }

  async read({ topic, partition, from, to, maxRecords }: LogRange): Promise<InRecord[]> {
    const { end } = await this.bounds(topic, partition);
    const found: InRecord[] = [];
    for (let at = from; at < Math.min(to, end) && found.length < maxRecords; ) {
      const page = Math.floor(at / PAGE);
      for (const record of await this.#page(topic, partition, page)) {
        const wanted = record.offset >= at && record.offset < to;
        if (wanted && found.length < maxRecords) found.push(record);
      }
      at = (page + 1) * PAGE;
    }
    return found;
  }

  /** Pages begin at multiples of their size, so that ranges that begin anywhere share them. */
  async #page(topic: string, partition: number, page: number): Promise<InRecord[]> {
    const { begin, end } = await this.bounds(topic, partition);
    const range = { from: Math.max(page * PAGE, begin), to: Math.min((page + 1) * PAGE, end) };
    return once(this.#pages, `${topic} ${partition} ${page}`, () =>
      this.#reader.read({ topic, partition, ...range, maxRecords: PAGE }),
    );
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const asked = known.get(key) ?? ask();
  known.set(key, asked);
  return asked;
}
