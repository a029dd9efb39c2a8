import { Reader, Writer } from '@platformatic/kafka';

/**
 * Name and formats are kafkajs's and the Java client's, so that members of both drivers share a group while a
 * deployment changes from one to the other.
 */
export const ASSIGNOR = 'RoundRobinAssigner';
const VERSION = 0;

/** What each member gets: topic → partitions. */
export type Share = Record<string, number[]>;

/** A member as the leader of the group sees it. */
export interface GroupMember {
  readonly memberId: string;
  /** Static members keep their place over restarts. */
  readonly instanceId: string | null;
  readonly topics: readonly string[];
}

export function encodeSubscription(topics: readonly string[]): Buffer {
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendInt32(0).buffer;
}

export function decodeSubscription(metadata: Buffer): string[] {
  const reader = Reader.from(metadata);
  reader.readInt16();
  return reader.readArray((entry) => entry.readString(false), false, false);
}

export function encodeShare(share: Share): Buffer {
  return Writer.create()
    .appendInt16(VERSION)
    .appendArray(
      Object.entries(share),
      (writer, [topic, partitions]) => {
        writer
          .appendString(topic, false)
          .appendArray(partitions, (inner, partition) => inner.appendInt32(partition), false, false);
      },
      false,
      false,
    )
    .appendInt32(0).buffer;
}

/** An empty assignment, also without any bytes, is a share of nothing. */
export function decodeShare(assignment: Buffer): Share {
  if (assignment.length < 6) return {};
  const reader = Reader.from(assignment);
  reader.readInt16();
  const entries = reader.readArray(
    (entry): [string, number[]] => [
      entry.readString(false),
      entry.readArray((inner) => inner.readInt32(), false, false),
    ],
    false,
    false,
  );
  return Object.fromEntries(entries);
}

/** Partitions dealt in turn, members in an order that a restart does not change. */
export function deal(
  members: readonly GroupMember[],
  partitionsOf: (topic: string) => number,
): Map<string, Share> {
  const order = members.toSorted((a, b) => compare(a.instanceId ?? a.memberId, b.instanceId ?? b.memberId));
  const shares = new Map<string, Share>(order.map(({ memberId }) => [memberId, {}]));
  let turn = 0;
  for (const topic of [...new Set(order.flatMap(({ topics }) => topics))].sort(compare)) {
    const takers = order.filter(({ topics }) => topics.includes(topic));
    for (let partition = 0; partition < partitionsOf(topic); partition += 1) {
      const taker = takers[turn % takers.length] as GroupMember;
      turn += 1;
      const share = shares.get(taker.memberId) as Share;
      (share[topic] ??= []).push(partition);
    }
  }
  return shares;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
