import { encodeRecord, formatCid, formatPosition, partitionOf } from '@chatplatform/protocol';
import type { MemoryKafka } from '@chatplatform/kafka';
import type { Dice } from './dice.ts';
import type { Ledger } from './poster.ts';

/** What was published in one room. */
export interface PastMessage {
  readonly room: string;
  readonly tag: string;
  readonly cid: string;
  readonly id: string;
}

/** How long before the platform starts it was published, ms: twice as far as workers go back when Redis lost everything. */
export const PAST_MS = 1_200_000;
/** Somebody who published, and is gone. */
const AUTHOR = 'past';
const INST = 'somebody-of-the-past';

/** Publishes messages into `rooms`; in some rooms none, and where nobody joins, so that their partitions go on. */
export async function publishPast(
  log: { cluster: MemoryKafka; topic: string; epoch: string; partitions: number },
  rooms: readonly string[],
  dice: Dice,
): Promise<PastMessage[]> {
  const { cluster, topic, epoch, partitions } = log;
  const producer = cluster.producer();
  const messages: PastMessage[] = [];
  for (const room of rooms) {
    for (let n = dice.whole(0, 3); n > 0; n -= 1) {
      const tag = `${AUTHOR}/${messages.length + 1}`;
      const cid = formatCid(INST, messages.length + 1);
      const partition = partitionOf(room, partitions);
      const record = { topic, partition, ...encodeRecord({ room, cid, user: AUTHOR, data: tag }) };
      const { offset } = await producer.append(record);
      messages.push({ room, tag, cid, id: formatPosition(epoch, partition, offset) });
    }
  }
  await producer.close();
  return messages;
}

/** Writes down what is known of it. */
export function noteOf(messages: readonly PastMessage[], ledger: Ledger): void {
  for (const { room, tag, cid, id } of messages) {
    const at = { client: AUTHOR, room, tag };
    ledger.sent(at);
    ledger.acked(at, { cid, id, dup: false });
  }
}
