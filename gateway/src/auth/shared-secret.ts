import { isUtf8 } from 'node:buffer';
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { fromJson } from '@chatplatform/protocol';
import type { JWTPayload } from 'jose';

/** What a token has to say. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
  /** ms since 1970 */
  readonly now: number;
}

const HASHES = new Map([
  ['HS256', 'sha256'],
  ['HS384', 'sha384'],
  ['HS512', 'sha512'],
]);

/** Headers that change nothing about how a token is read. */
const PLAIN_HEADERS = new Set(['alg', 'typ', 'kid']);
/** An issuer writes one header, or one per key; strangers can write any. */
const HEADERS_KEPT = 100;

/**
 * Says yes to plain tokens signed with a shared secret, in this turn of the event loop: on the way by promises and the
 * crypto API's thread pool a hash of a microsecond costs a hundred.
 *
 * Invariant: whatever it accepts, `jwtVerify` of jose accepts with the same claims. It says no to nothing: what is not
 * plainly right is left to jose, which knows all the rules and says which one was broken.
 */
export class SharedSecretTokens {
  /** `alg` by the text of a header. */
  readonly #headers = new Map<string, string | undefined>();

  /** The claims of `token`; undefined when jose has to decide. */
  claims(token: string, secret: KeyObject, expected: Expected): JWTPayload | undefined {
    const [header = '', payload = '', signature = '', ...more] = token.split('.');
    const hash = this.#hashOf(header, expected.algorithms);
    if (hash === undefined || more.length > 0) return undefined;
    const right = createHmac(hash, secret).update(`${header}.${payload}`).digest('base64url');
    if (!isSame(signature, right)) return undefined;
    const claims = jsonOf(payload);
    return claims !== undefined && isAsExpected(claims, expected) ? claims : undefined;
  }

  #hashOf(header: string, algorithms: readonly string[]): string | undefined {
    const alg = this.#algOf(header);
    return alg !== undefined && algorithms.includes(alg) ? HASHES.get(alg) : undefined;
  }

  #algOf(header: string): string | undefined {
    if (this.#headers.has(header)) return this.#headers.get(header);
    if (this.#headers.size >= HEADERS_KEPT) this.#headers.clear();
    const alg = plainAlg(header);
    this.#headers.set(header, alg);
    return alg;
  }
}

function plainAlg(text: string): string | undefined {
  const header = jsonOf(text);
  if (header === undefined || !Object.keys(header).every((name) => PLAIN_HEADERS.has(name))) return undefined;
  return typeof header['alg'] === 'string' ? header['alg'] : undefined;
}

/** A JSON object in the one way base64url is written; undefined for anything else. */
function jsonOf(text: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text || !isUtf8(bytes)) return undefined;
  const value = fromJson(bytes.toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Record<string, unknown>;
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function isAsExpected(claims: Record<string, unknown>, expected: Expected): claims is JWTPayload {
  const { iss, sub, jti } = claims;
  return (
    iss === expected.issuer &&
    typeof sub === 'string' &&
    (jti === undefined || typeof jti === 'string') &&
    isFor(claims['aud'], expected.audience) &&
    isTimely(claims, expected)
  );
}

function isFor(aud: unknown, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.includes(audience));
}

function isTimely({ exp, nbf, iat }: Record<string, unknown>, expected: Expected): boolean {
  const now = Math.floor(expected.now / 1000);
  const tolerance = expected.clockToleranceSeconds;
  return (
    typeof exp === 'number' &&
    exp > now - tolerance &&
    (nbf === undefined || (typeof nbf === 'number' && nbf <= now + tolerance)) &&
    (iat === undefined || typeof iat === 'number')
  );
}
