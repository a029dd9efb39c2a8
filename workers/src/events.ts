import type { OutRecord } from '@chatplatform/kafka';
import { encodeEvent, partitionOf, type PlatformEvent } from '@chatplatform/protocol';

/** The topic of outcomes. */
export interface EventTopic {
  readonly topic: string;
  readonly partitions: number;
}

/** An event as a record of its topic. */
export function eventRecord(event: PlatformEvent, { topic, partitions }: EventTopic): OutRecord {
  const { key, value } = encodeEvent(event);
  return { topic, partition: partitionOf(key, partitions), key, value };
}
