import type { PartitionLag } from '../port/admin.ts';

/** What the brokers say of one partition; `committed` is -1 when the group never committed there. */
export interface PartitionOffsets {
  readonly partition: number;
  readonly begin: number;
  readonly end: number;
  readonly committed: number;
}

/** How far a group is behind by its commits; records that the log has dropped meanwhile do not count. */
export function lagOf({ partition, begin, end, committed }: PartitionOffsets): PartitionLag {
  const lag = committed < 0 ? end - begin : Math.max(0, end - Math.max(committed, begin));
  return { partition, begin, end, committed, lag };
}
