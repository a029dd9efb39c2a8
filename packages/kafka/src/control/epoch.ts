import { decodeEpoch, encodeEpoch, EPOCH_KEY, type EpochRecord } from '@chatplatform/protocol';
import type { Clock, Random } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { RangeReader } from '../port/log-reader.ts';

/** A record of the control topic, oldest first. */
export interface ControlRecord {
  readonly key: string;
  /** `null` is a tombstone. */
  readonly value: string | null;
}

/** The control topic as {@link ensureEpoch} needs it. */
export interface ControlLog {
  read(): Promise<readonly ControlRecord[]>;
  append(key: string, value: string): Promise<void>;
}

/** Characters of an epoch: fixed by the format of positions. */
const EPOCH_LENGTH = 6;
/** Another process may write at the same moment; after that many rounds something is wrong. */
const MAX_ROUNDS = 5;
/** The control topic is compacted and holds a handful of keys; more than this is not ours. */
const MAX_CONTROL_RECORDS = 10_000;

/**
 * The epoch of the log. Several processes may call this at once: all of them return the value of the
 * first epoch record of the newest generation, and because compaction keeps the newest record, whoever sees a later
 * differing one writes the first again behind it.
 *
 * @param lost an epoch whose log is gone: when it is still the one in force, the next generation begins.
 */
export async function ensureEpoch(
  log: ControlLog,
  deps: { clock: Clock; random: Random },
  lost?: string,
): Promise<string> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = epochRecords(await log.read());
    const first = inForce(found);
    const isLost = first !== undefined && first.epoch === lost;
    if (first !== undefined && !isLost && first.epoch === found.at(-1)?.epoch) return first.epoch;
    const next: EpochRecord = {
      epoch: deps.random.id(EPOCH_LENGTH),
      createdAt: deps.clock.now(),
      ...(isLost && { generation: generationOf(first) + 1 }),
    };
    await log.append(EPOCH_KEY, encodeEpoch(isLost ? next : (first ?? next)));
  }
  throw new KafkaError(
    'invalid',
    `the control topic's epoch did not settle in ${MAX_ROUNDS} rounds; something else writes records with key "${EPOCH_KEY}" to it`,
  );
}

/**
 * The epoch in force, read without a group and without writing: what a process that runs looks at now and then.
 * `undefined` when there is none. Rejects with the reader's errors.
 */
export async function currentEpoch(reader: RangeReader, topic: string): Promise<string | undefined> {
  const { begin, end } = await reader.bounds(topic, 0);
  const range = { topic, partition: 0, from: begin, to: end, maxRecords: MAX_CONTROL_RECORDS };
  const records = await reader.read(range);
  const found = epochRecords(
    records.map(({ key, value }) => ({ key: key ?? '', value: value?.toString() ?? null })),
  );
  return inForce(found)?.epoch;
}

/** Newest value per key, except the epoch: of that the first of the newest generation counts. */
export function controlValues(records: readonly ControlRecord[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) values.delete(key);
    else values.set(key, value);
  }
  const epoch = inForce(epochRecords(records));
  if (epoch !== undefined) values.set(EPOCH_KEY, encodeEpoch(epoch));
  return Object.fromEntries(values);
}

function inForce(found: readonly EpochRecord[]): EpochRecord | undefined {
  const newest = Math.max(...found.map(generationOf));
  return found.find((record) => generationOf(record) === newest);
}

function generationOf({ generation = 0 }: EpochRecord): number {
  return generation;
}

function epochRecords(records: readonly ControlRecord[]): EpochRecord[] {
  return records.flatMap(({ key, value }) => (key === EPOCH_KEY && value !== null ? [decoded(value)] : []));
}

function decoded(value: string): EpochRecord {
  const record = decodeEpoch(value);
  if (record !== undefined) return record;
  throw new KafkaError(
    'invalid',
    `the control topic's epoch record ${JSON.stringify(value.slice(0, 80))} is not {"epoch":"<6 characters 0-9a-z>","createdAt":<ms>}; restore it from a backup or recreate the topics`,
  );
}
