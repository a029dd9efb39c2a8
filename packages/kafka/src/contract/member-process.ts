import { last } from './reader.ts';
import { drivers } from './drivers.ts';

/** What a member is told in its first argument, as JSON. */
export interface MemberOrder {
  readonly driver: keyof typeof drivers;
  readonly bootstrapServers: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  readonly instanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
}

/** What a member writes to its output, one JSON per line. */
export type MemberLine =
  /** The program runs, ms since 1970. */
  | { readonly up: number }
  | { readonly assigned: readonly number[] }
  /** Values of one batch and when it came, ms since 1970. */
  | { readonly partition: number; readonly values: readonly string[]; readonly at: number };

// A member of a group as a process of its own, so that a test can kill it.
const { driver, bootstrapServers, topic, groupId, ...options } = JSON.parse(
  process.argv[2] ?? '{}',
) as MemberOrder;
const tell = (line: MemberLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

tell({ up: Date.now() });
const consumer = drivers[driver]({ bootstrapServers, clientId: 'member' }).consumer(options);
consumer.onCrash((error) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
await consumer.run({
  topics: [topic],
  groupId,
  onAssigned: (_, assigned) => tell({ assigned }),
  eachBatch: (batch) => {
    const values = batch.records.map(({ value }) => String(value));
    tell({ partition: batch.partition, values, at: Date.now() });
    return Promise.resolve({ commit: last(batch).offset + 1 });
  },
});
