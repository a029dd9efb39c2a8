import { z } from 'zod';
import { fromJson, toJson, type Json } from './json.ts';
import { isEpoch } from './position.ts';

/** Key of the epoch in the compacted topic `<p>.control`. */
export const EPOCH_KEY = 'epoch';

/** Value of the record {@link EPOCH_KEY}: which log this is. Written once per log, by whoever creates or first misses it. */
export const EpochRecordSchema = z.object({
  epoch: z.string().refine(isEpoch, { error: 'an epoch is 6 characters of lower-case base 36' }),
  /** Milliseconds since 1970. */
  createdAt: z.number().int().nonnegative(),
  /** How many logs of this platform were given up before this one, because their records were lost. */
  generation: z.number().int().nonnegative().optional(),
});

/** Value of the record {@link EPOCH_KEY}. */
export type EpochRecord = z.infer<typeof EpochRecordSchema>;

/** Writes the value of the epoch record. */
export function encodeEpoch(record: EpochRecord): Json {
  return toJson(record);
}

/** Reads the value of the epoch record; `undefined` when it is not one. */
export function decodeEpoch(value: string): EpochRecord | undefined {
  return EpochRecordSchema.safeParse(fromJson(value)).data;
}
