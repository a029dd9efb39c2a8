import { KafkaError } from './errors.ts';
import type { InRecord } from './port/consumer.ts';
import type { LogPiece, LogRange } from './port/log-reader.ts';

/** One fetch: large enough for some thousand chat messages, small enough to decode within a turn of some ms. */
export const FETCH_BYTES = 1024 * 1024;
/** Waits while a partition has no leader, or another one than we thought, ms. */
export const LEADER_RETRY = { base: 50, factor: 2, max: 500, jitter: 0.5 } as const;
/** About half a second in all: whoever wants to wait longer asks again. */
export const MAX_TRIES = 4;

/**
 * Reads a range by fetches, whatever the driver.
 *
 * @throws {@link KafkaError} `closed` when the range's signal was aborted; otherwise what `fetch` rejects with
 */
export async function readRange(
  range: LogRange,
  fetch: (offset: number) => Promise<LogPiece>,
): Promise<InRecord[]> {
  const { to, maxRecords, signal } = range;
  const records: InRecord[] = [];
  let next = range.from;
  while (next < to && records.length < maxRecords) {
    if (signal?.aborted === true) throw new KafkaError('closed', 'the reading was ended');
    const piece = await fetch(next);
    if (piece.next === next) break;
    for (const record of piece.records) {
      if (record.offset < to && records.length < maxRecords) records.push(record);
    }
    next = piece.next;
  }
  return records;
}
