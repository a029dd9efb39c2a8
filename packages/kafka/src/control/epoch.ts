import { decodeEpoch, encodeEpoch, EPOCH_KEY } from '@chatplatform/protocol';
import type { Clock, Random } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';

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

/**
 * The epoch of the log. Several processes may call this at once: all of them return the value of the
 * first epoch record, and because compaction keeps the newest one, whoever sees a later differing one
 * writes the first again behind it.
 */
export async function ensureEpoch(log: ControlLog, deps: { clock: Clock; random: Random }): Promise<string> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = epochRecords(await log.read());
    const first = found[0];
    const newest = found.at(-1);
    if (first !== undefined && first === newest) return epochOf(first);
    const value = first ?? encodeEpoch({ epoch: deps.random.id(EPOCH_LENGTH), createdAt: deps.clock.now() });
    await log.append(EPOCH_KEY, value);
  }
  throw new KafkaError(
    'invalid',
    `the control topic's epoch did not settle in ${MAX_ROUNDS} rounds; something else writes records with key "${EPOCH_KEY}" to it`,
  );
}

/** Newest value per key, except the epoch: of that the first counts. */
export function controlValues(records: readonly ControlRecord[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) values.delete(key);
    else if (key !== EPOCH_KEY || !values.has(key)) values.set(key, value);
  }
  return Object.fromEntries(values);
}

function epochRecords(records: readonly ControlRecord[]): string[] {
  return records.flatMap(({ key, value }) => (key === EPOCH_KEY && value !== null ? [value] : []));
}

function epochOf(value: string): string {
  const record = decodeEpoch(value);
  if (record !== undefined) return record.epoch;
  throw new KafkaError(
    'invalid',
    `the control topic's epoch record ${JSON.stringify(value.slice(0, 80))} is not {"epoch":"<6 characters 0-9a-z>","createdAt":<ms>}; restore it from a backup or recreate the topics`,
  );
}
