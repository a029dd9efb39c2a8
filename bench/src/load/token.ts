import { createHmac, timingSafeEqual } from 'node:crypto';

const HEADER = encode({ alg: 'HS256', typ: 'JWT' });
/** Longer than any run. */
const LIFE_SECONDS = 7200;

/** Whom the tokens of a benchmark come from and are for. */
export const AUTH = { issuer: 'bench', audience: 'chat' };

/** A JWT (HS256) that every server of a run accepts. */
export function tokenOf(key: string, user: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const body = encode({
    sub: user,
    iss: AUTH.issuer,
    aud: AUTH.audience,
    iat,
    exp: iat + LIFE_SECONDS,
    caps: { '**': ['join', 'publish', 'history', 'presence'] },
  });
  return `${HEADER}.${body}.${signature(key, `${HEADER}.${body}`)}`;
}

/** What peers do with it: signature and expiry, so that no server has an easier upgrade than another. */
export function isValidToken(key: string, token: string): boolean {
  const [header, body, signed = ''] = token.split('.');
  const expected = signature(key, `${header}.${body}`);
  if (signed.length !== expected.length || !timingSafeEqual(Buffer.from(signed), Buffer.from(expected)))
    return false;
  const claims = JSON.parse(Buffer.from(body ?? '', 'base64url').toString()) as { exp: number };
  return claims.exp > Date.now() / 1000;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signature(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}
