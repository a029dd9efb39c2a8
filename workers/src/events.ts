import type { OutRecord } from '@chatplatform/kafka';
import { encodeEvent, partitionOf, type PlatformEvent } from '@chatplatform/protocol';

/** The topic of outcomes. */
export interface EventTopic {
  readonly topic: string;
  readonly partitions: number;
}

/** An event as a record of its topic. */
export function eventRecord(event: PlatformEvent, to: EventTopic): OutRecord {
  return recordOf(encodeEvent(event), to);
}

/** An encoded event as a record of its topic. */
export function recordOf({ key, value }: { key: string; value: string }, to: EventTopic): OutRecord {
  const { topic, partitions } = to;
  return { topic, partition: partitionOf(key, partitions), key, value };
}
