import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '@chatplatform/runtime';
import { KafkaError } from '../errors.ts';
import type { KafkaLogger } from '../port/kafka.ts';
import type { SigningKeys } from './signature.ts';

/** As for every file that is followed: Kubernetes swaps mounted Secrets by a link, which file events miss. */
const LOOK_MS = 2_000;
/** What can stand before the dot of a signature. */
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The keys in a file, as they are now. */
export interface WatchedKeys {
  current(): SigningKeys;
  /** Looks at the file now instead of at the next turn. */
  renew(): Promise<void>;
  stop(): void;
}

/**
 * Reads the keys and follows their file. Content that is no set of keys is reported once and changes nothing.
 *
 * @throws KafkaError `invalid` when the file cannot be used at first.
 */
export function watchSigningKeys(
  path: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: KafkaLogger },
): WatchedKeys {
  let text = readText(path);
  let keys = parseSigningKeys(text, path);
  let timer: Timer | undefined;
  let stopped = false;
  const renew = async (): Promise<void> => {
    const now = await readFile(path, 'utf8').catch(() => text);
    if (now === text) return;
    text = now;
    try {
      keys = parseSigningKeys(now, path);
      logger.info({ active: keys.active, keys: Object.keys(keys.keys) }, 'signing keys have changed');
    } catch (error) {
      logger.error({ err: error }, 'the signing keys stay as they were');
    }
  };
  const plan = (): void => {
    if (!stopped) timer = clock.setTimeout(() => void renew().finally(plan), LOOK_MS);
  };
  plan();
  return {
    current: () => keys,
    renew,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** Reads a file of keys once. @throws KafkaError `invalid` */
export function readSigningKeys(path: string): SigningKeys {
  return parseSigningKeys(readText(path), path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KafkaError('invalid', `the signing keys ${path} cannot be read; mount the Secret there`, {
      cause: error,
    });
  }
}

function parseSigningKeys(text: string, path: string): SigningKeys {
  const value = parseJson(text);
  if (isSigningKeys(value)) return value;
  throw new KafkaError(
    'invalid',
    `${path} holds no signing keys; write {"active":"k1","keys":{"k1":"<32 random bytes in base64>"}}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSigningKeys(value: unknown): value is SigningKeys {
  if (typeof value !== 'object' || value === null) return false;
  const { active, keys } = value as Partial<Record<keyof SigningKeys, unknown>>;
  if (typeof active !== 'string' || typeof keys !== 'object' || keys === null) return false;
  return (
    Object.hasOwn(keys, active) &&
    Object.entries(keys).every(([id, key]) => KEY_ID.test(id) && typeof key === 'string')
  );
}
