import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import { CliError } from './errors.ts';

/** What a development token says. */
export interface TokenClaims {
  /** `sub`: the user. */
  readonly user: string;
  readonly issuer: string;
  readonly audience: string;
  /** Rights by room pattern; {@link DEV_RIGHTS} when absent. */
  readonly caps?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Seconds until it expires. */
  readonly ttlSeconds: number;
}

/** Every room and every personal room, short of administration. */
export const DEV_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  '**': ['join', 'publish', 'history', 'presence'],
  '@**': ['publish'],
};

/** Signs a token (HS256) with a development key. For platforms whose CR names a shared key; never for production. */
export async function mintToken(key: Uint8Array, claims: TokenClaims): Promise<string> {
  return new SignJWT({ caps: claims.caps ?? DEV_RIGHTS })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(claims.user)
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setIssuedAt()
    .setExpirationTime(`${claims.ttlSeconds} seconds`)
    .sign(key);
}

/** The bytes of a shared key in a file, without the line end an editor leaves. */
export async function readKey(file: string): Promise<Uint8Array> {
  try {
    return new TextEncoder().encode((await readFile(file, 'utf8')).trim());
  } catch (error) {
    const remedy = 'give the file of the platform’s shared key with --key-file';
    throw new CliError('usage', `the key file ${file} cannot be read: ${String(error)}`, remedy, {
      cause: error,
    });
  }
}
