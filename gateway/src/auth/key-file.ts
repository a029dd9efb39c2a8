import { createSecretKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '@chatplatform/runtime';
import { GatewayError } from '../errors.ts';
import type { KeySource } from './keys.ts';

/** A rotated file is noticed by the first token that does not match; wrong tokens must not make us read it all the time. */
const RENEW_INTERVAL_MS = 2000;
/** RFC 7518 asks for a key as long as the hash. */
const MIN_SECRET_BYTES = 32;

/** One key in a file: a PEM public key, or else a shared secret (the text without white space around it). */
export async function keyFile(path: string, clock: Clock): Promise<KeySource> {
  let text = await read(path);
  let key = parse(text, path);
  let checked = clock.monotonic();
  return {
    ready: true,
    find: () => Promise.resolve(key),
    get secret() {
      return key.type === 'secret' ? key : undefined;
    },
    renew: async () => {
      if (clock.monotonic() - checked < RENEW_INTERVAL_MS) return false;
      checked = clock.monotonic();
      const now = await read(path).catch(() => text);
      if (now === text) return false;
      key = parse(now, path);
      text = now;
      return true;
    },
    close: () => undefined,
  };
}

async function read(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new GatewayError('config', `auth.key.file ${path} cannot be read; mount the key there`, {
      cause: error,
    });
  }
}

function parse(text: string, path: string): KeyObject {
  if (text.startsWith('-----BEGIN')) return createPublicKey(text);
  const secret = Buffer.from(text, 'utf8');
  if (secret.length >= MIN_SECRET_BYTES) return createSecretKey(secret);
  throw new GatewayError(
    'config',
    `auth.key.file ${path} holds ${secret.length} bytes; a shared secret needs at least ${MIN_SECRET_BYTES}`,
  );
}
