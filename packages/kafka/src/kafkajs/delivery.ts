import type { EachBatchPayload } from 'kafkajs';
import type { Delivery } from '../consume/batch-handler.ts';
import { toRecords } from './records.ts';

/** One kafkajs batch as the shared handler takes it. */
export function deliveryOf(payload: EachBatchPayload): Delivery {
  const { topic, partition, highWatermark } = payload.batch;
  return {
    topic,
    partition,
    records: toRecords(payload.batch),
    highWatermark: Number(highWatermark),
    heartbeat: () => payload.heartbeat(),
    readOn: (next) => payload.resolveOffset(String(next - 1)),
    commit: async (next) => {
      // Not consumer.commitOffsets(): that one silently does nothing once stop() was called.
      await payload.commitOffsetsIfNecessary({
        topics: [{ topic, partitions: [{ partition, offset: String(next) }] }],
      });
    },
  };
}
