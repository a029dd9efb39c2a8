import type { Entry, PartitionQueue } from './partition-queue.ts';

/** One request to one leader: for each of its partitions the oldest waiting entries. */
export interface Flight {
  readonly queue: PartitionQueue;
  readonly entries: readonly Entry[];
}

export interface FlightLimits {
  readonly records: number;
  readonly bytes: number;
}

/** The oldest entries of every idle queue, up to the limits; at least one entry when any queue has one. */
export function loadFlight(queues: Iterable<PartitionQueue>, limits: FlightLimits): Flight[] {
  const flight: Flight[] = [];
  let records = 0;
  let bytes = 0;
  const fits = (entry: Entry): boolean =>
    records === 0 || (records < limits.records && bytes + entry.bytes <= limits.bytes);
  for (const queue of queues) {
    if (queue.busy) continue;
    const taken: Entry[] = [];
    for (const entry of queue.entries) {
      if (!fits(entry)) break;
      taken.push(entry);
      records += 1;
      bytes += entry.bytes;
    }
    if (taken.length > 0) flight.push({ queue, entries: taken });
  }
  return flight;
}
