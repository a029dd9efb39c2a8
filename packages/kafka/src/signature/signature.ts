import { createHmac, timingSafeEqual } from 'node:crypto';
import { KafkaError } from '../errors.ts';
import { canonicalText, type SignedRecord } from './canonical.ts';

/** The header that carries a signature: `<key id>.<base64url of the HMAC-SHA256>`. */
export const SIGNATURE_HEADER = 'sig';

/** The keys of a platform. Several at once, so that one can be replaced without a moment in which nobody agrees. */
export interface SigningKeys {
  /** Id of the key that signs. */
  readonly active: string;
  /** id → key in base64, 32 bytes or more */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * What a signature is worth. `missing`: there is none; `unknown-key`: its key is not among ours; `wrong`: another key
 * made it, or the record was changed.
 */
export type SignatureVerdict = 'good' | 'missing' | 'unknown-key' | 'wrong';

/** The record with its signature among the headers. */
export type Sign = <R extends SignedRecord>(record: R) => R;

/** 256 bits, as long as the hash: a shorter key would be the weakest part. */
const MIN_KEY_BYTES = 32;
const SIGNATURE = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})$/;

/**
 * Signs records so that workers can tell who wrote them.
 *
 * @param keys asked for every record, so that a rotation needs no restart.
 * @throws KafkaError `invalid` when the active key is missing or too short; checked at once and at every record.
 */
export function signer(keys: () => SigningKeys): Sign {
  activeKey(keys());
  return (record) => {
    const current = keys();
    const mac = macOf(activeKey(current), record).toString('base64url');
    return { ...record, headers: { ...record.headers, [SIGNATURE_HEADER]: `${current.active}.${mac}` } };
  };
}

/** Judges signatures. @param keys asked for every record; each key in it counts, not only the active one. */
export function verifier(keys: () => SigningKeys): (record: SignedRecord) => SignatureVerdict {
  return (record) => {
    const header = record.headers[SIGNATURE_HEADER];
    if (header === undefined) return 'missing';
    const [, id = '', mac = ''] = SIGNATURE.exec(header) ?? [];
    if (mac === '') return 'wrong';
    const { keys: known } = keys();
    const key = Object.hasOwn(known, id) ? known[id] : undefined;
    if (key === undefined) return 'unknown-key';
    const expected = macOf(Buffer.from(key, 'base64'), record);
    return timingSafeEqual(expected, Buffer.from(mac, 'base64url')) ? 'good' : 'wrong';
  };
}

function activeKey({ active, keys }: SigningKeys): Buffer {
  const key = Buffer.from((Object.hasOwn(keys, active) ? keys[active] : undefined) ?? '', 'base64');
  if (key.length >= MIN_KEY_BYTES) return key;
  throw new KafkaError(
    'invalid',
    `the active signing key "${active}" has ${key.length} bytes; put ${MIN_KEY_BYTES} random ones under keys, in base64`,
  );
}

function macOf(key: Buffer, record: SignedRecord): Buffer {
  return createHmac('sha256', key).update(canonicalText(record)).digest();
}
