import { encodeRecord, formatCid, formatPosition, partitionOf } from '@chatplatform/protocol';
import type { MemoryKafka, OutRecord } from '@chatplatform/kafka';
import type { Clock } from '@chatplatform/runtime';
import type { Dice } from './dice.ts';
import type { Ledger } from './poster.ts';

/** What was published in one room. */
export interface PastMessage {
  readonly author: string;
  readonly room: string;
  readonly tag: string;
  readonly cid: string;
  readonly id: string;
}

/** The change of one key of a latest-value room. */
export interface PastWrite {
  readonly key: string;
  /** `null` when it deletes. */
  readonly data: string | null;
  readonly id: string;
}

/** The log as it is before the platform starts. */
export interface PastLog {
  readonly cluster: MemoryKafka;
  readonly topic: string;
  readonly epoch: string;
  readonly partitions: number;
}

/** How long before the platform starts it was published, ms: twice as far as workers go back when Redis lost everything. */
export const PAST_MS = 1_200_000;
/** Somebody who published, and is gone. */
const AUTHOR = 'past';
/** Share of writes that delete. */
const DELETIONS = 0.3;
/** Share of writes that come into the log twice, the second time behind whatever follows. */
const COPIES = 0.3;
/** More than it takes to read it, ms. */
const CONSUMED_MS = 60_000;

/** Publishes messages of `author` into `rooms`; in some rooms none. */
export async function publishPast(
  { cluster, topic, epoch, partitions }: PastLog,
  { rooms, author = AUTHOR }: { rooms: readonly string[]; author?: string },
  dice: Dice,
): Promise<PastMessage[]> {
  const producer = cluster.producer();
  const messages: PastMessage[] = [];
  for (const room of rooms) {
    for (let n = dice.whole(0, 3); n > 0; n -= 1) {
      const tag = `${author}/${messages.length + 1}`;
      const cid = formatCid(instOf(author), messages.length + 1);
      const partition = partitionOf(room, partitions);
      const record = { topic, partition, ...encodeRecord({ room, cid, user: author, data: tag }) };
      const { offset } = await producer.append(record);
      messages.push({ author, room, tag, cid, id: formatPosition(epoch, partition, offset) });
    }
  }
  await producer.close();
  return messages;
}

/** Changes some of `keys` of a latest-value room some times. */
export async function writePast(
  { cluster, topic, epoch, partitions }: PastLog,
  { room, keys }: { room: string; keys: readonly string[] },
  dice: Dice,
): Promise<PastWrite[]> {
  const producer = cluster.producer();
  const partition = partitionOf(room, partitions);
  const writes: PastWrite[] = [];
  const copies: OutRecord[] = [];
  for (let n = dice.whole(0, 6); n > 0; n -= 1) {
    const key = dice.pick(keys) ?? '';
    const data = dice.chance(DELETIONS) ? null : `${AUTHOR}=${n}`;
    const cid = formatCid(instOf(AUTHOR), writes.length + 1);
    const record = { topic, partition, ...encodeRecord({ room, cid, user: AUTHOR, data, k: key }) };
    const { offset } = await producer.append(record);
    writes.push({ key, data, id: formatPosition(epoch, partition, offset) });
    if (dice.chance(COPIES)) copies.push(record);
  }
  for (const copy of copies) await producer.append(copy);
  await producer.close();
  return writes;
}

/** Reads it as the workers of that time did, so that today's go on behind it; what they wrote to Redis is gone. */
export async function consumePast({ cluster, topic }: PastLog, groupId: string, clock: Clock): Promise<void> {
  const consumer = cluster.consumer();
  await consumer.run({
    topics: [topic],
    groupId,
    eachBatch: ({ records }) => Promise.resolve({ commit: (records.at(-1)?.offset ?? -1) + 1 }),
  });
  await clock.sleep(CONSUMED_MS);
  await consumer.stop();
}

/** Writes down what is known of it. */
export function noteOf(messages: readonly PastMessage[], ledger: Ledger): void {
  for (const { author: client, room, tag, cid, id } of messages) {
    const at = { client, room, tag };
    ledger.sent(at);
    ledger.acked(at, { cid, id, dup: false });
  }
}

function instOf(author: string): string {
  return `instance-of-${author}`;
}
