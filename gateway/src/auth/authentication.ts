import { hkdfSync, randomBytes } from 'node:crypto';
import type { GatewayConfig } from '@chatplatform/platform';
import type { Clock, Random } from '@chatplatform/runtime';
import type { Logger } from '@chatplatform/telemetry';
import { GatewayError } from '../errors.ts';
import { secret } from '../stores.ts';
import { jwks } from './jwks.ts';
import { keyFile } from './key-file.ts';
import { Verifier } from './verifier.ts';

/** Who may connect, and the key of resume tokens. */
export interface Authentication {
  verifier: Pick<Verifier, 'verify' | 'ready' | 'close'>;
  /** Signs resume tokens. */
  resumeKey: Buffer;
}

const RESUME_KEY_BYTES = 32;

/**
 * Reads the keys. The resume key comes from `resumeKeyFile`; without one it is derived from the shared JWT secret, which
 * all gateways have; with public keys only it is random, and a session is resumed on the gateway that issued the token.
 */
export async function authentication(
  config: GatewayConfig,
  deps: { clock: Clock; random: Random; logger: Logger },
): Promise<Authentication> {
  const { issuer, audience, jwksURL, key, algorithms, clockToleranceSeconds } = config.auth;
  const { clock, random, logger } = deps;
  if ((jwksURL === undefined) === (key === undefined)) {
    throw new GatewayError(
      'config',
      'auth needs exactly one of jwksURL and key; remove one of them or add one',
    );
  }
  const file = key && (await keyFile(key.file, clock));
  const onError = (error: unknown): void =>
    logger.warn({ err: error }, 'the key set cannot be fetched; trying again');
  const keys = file ?? jwks({ url: jwksURL as string, clock, random, onError });
  const verifier = new Verifier({ keys, issuer, audience, algorithms, clockToleranceSeconds, clock });
  const own = await secret('resumeKeyFile', config.resumeKeyFile);
  const material = own ?? file?.secret?.export().toString('base64');
  if (material === undefined) {
    logger.warn(
      'resumeKeyFile is not set: sessions are not resumed across gateways; set it to one key for all',
    );
    return { verifier, resumeKey: randomBytes(RESUME_KEY_BYTES) };
  }
  const derived = hkdfSync('sha256', material, '', 'chatplatform resume token v1', RESUME_KEY_BYTES);
  return { verifier, resumeKey: Buffer.from(derived) };
}
