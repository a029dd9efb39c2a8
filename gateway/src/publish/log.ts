import { formatPosition, partitionOf } from '@chatplatform/protocol';
import type { KafkaAdmin } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';

/** What the gateway knows of the log: with it every record has its place and every offset its id. */
export interface Log {
  readonly epoch: string;
  readonly partitions: number;
  partitionOf(room: string): number;
  /** Message id of a record. */
  idOf(partition: number, offset: number): string;
  /** What every position of `room` begins with. */
  prefixOf(room: string): string;
}

/** Characters of a position before the offset. */
const PREFIX_WIDTH = 9;

export function logOf(epoch: string, partitions: number): Log {
  return {
    epoch,
    partitions,
    partitionOf: (room) => partitionOf(room, partitions),
    idOf: (partition, offset) => formatPosition(epoch, partition, offset),
    prefixOf: (room) => formatPosition(epoch, partitionOf(room, partitions), 0).slice(0, PREFIX_WIDTH),
  };
}

/** Wait between attempts while Kafka is not there: a gateway starts during outages too. */
const RETRY_MS = 1000;

/** Finds out epoch and partition count, trying until it works. Rejects only when `signal` is aborted. */
export async function discoverLog(
  admin: KafkaAdmin,
  topics: { messages: string; control: string },
  deps: { clock: Clock; signal: AbortSignal; onError: (error: unknown) => void },
): Promise<Log> {
  for (;;) {
    deps.signal.throwIfAborted();
    try {
      const partitions = await admin.partitionCount(topics.messages);
      return logOf(await admin.ensureEpoch(topics.control), partitions);
    } catch (error) {
      deps.onError(error);
      await deps.clock.sleep(RETRY_MS, deps.signal);
    }
  }
}
