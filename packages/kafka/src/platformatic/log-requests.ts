import { fetchV15, listOffsetsV7 } from '@platformatic/kafka';
import { KafkaError } from '../errors.ts';
import type { Cluster, Destination } from './cluster.ts';
import { answerOf } from './failures.ts';

/** Timestamps that stand for the ends of a log. */
export const EARLIEST = -2n;
export const LATEST = -1n;
/** The leader's epoch is not checked: an offset that is gone is noticed by its own error. */
export const NO_EPOCH = -1;
/** Nothing in these logs is transactional. */
const READ_UNCOMMITTED = 0;
/** No fetch session: each request names all of its partitions. */
const NO_SESSION = [0, -1] as const;
/** Asked as a client, not as a replica. */
const NO_REPLICA = -1;
/** Of one answer, over all partitions, bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One fetch; errors of single partitions are in the answer. */
export async function fetchOnce(
  cluster: Cluster,
  to: Destination,
  maxWaitMs: number,
  topics: fetchV15.FetchRequestTopic[],
): Promise<fetchV15.FetchResponse> {
  const limits = [maxWaitMs, 1, MAX_ANSWER_BYTES, READ_UNCOMMITTED] as const;
  try {
    return await cluster.call(to, fetchV15.api, [...limits, ...NO_SESSION, topics, [], '']);
  } catch (error) {
    // One partition that moved makes the library refuse the whole answer.
    const partial = answerOf(error) as fetchV15.FetchResponse | undefined;
    if (partial?.errorCode !== 0) throw error;
    return partial;
  }
}

/**
 * The offset of the first record that is not older than `timestamp`, or the end of the log that it stands for; -1:
 * there is no such record.
 */
export async function offsetAt(
  cluster: Cluster,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  timestamp: bigint,
): Promise<number> {
  const node = cluster.leaderOf(topic, partition);
  if (node === undefined)
    throw new KafkaError('unavailable', `${topic}[${partition}] has no leader at the moment`);
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: NO_EPOCH, timestamp }];
  const answer = await cluster.call({ node }, listOffsetsV7.api, [
    NO_REPLICA,
    READ_UNCOMMITTED,
    [{ name: topic, partitions }],
  ]);
  return Number(answer.topics[0]?.partitions[0]?.offset ?? -1n);
}
