import { createHash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { CapabilitiesSchema, escapeUser } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import { AuthError, type Identity } from './identity.ts';
import type { KeySource } from './keys.ts';

/** Tokens remembered as verified: a reconnect storm of that many clients costs no signature check. ~400 bytes each. */
const CACHED_TOKENS = 50_000;

/** Tokens remembered as refused: a client that keeps trying with a wrong one costs a hash, no signature check. */
const REFUSED_TOKENS = 10_000;
/** New keys, or a token that begins to be valid, are noticed after this time. */
const REFUSED_MS = 10_000;

/** How tokens are checked. */
export interface VerifierOptions {
  keys: KeySource;
  issuer: string;
  audience: string;
  algorithms: readonly string[];
  clockToleranceSeconds: number;
  clock: Clock;
}

/** Checks JWTs; a verified one is remembered by its hash until it ends, a refused one for some seconds. */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #verified = new LRUCache<string, Identity>({ max: CACHED_TOKENS });
  readonly #refused = new LRUCache<string, { error: AuthError; until: number }>({ max: REFUSED_TOKENS });

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /** True once tokens can be checked. */
  get ready(): boolean {
    return this.#options.keys.ready;
  }

  /** Rejects with {@link AuthError}. */
  async verify(token: string): Promise<Identity> {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.get(hash);
    if (known !== undefined) return this.#unexpired(known);
    const refused = this.#refused.get(hash);
    if (refused !== undefined && this.#options.clock.monotonic() < refused.until) throw refused.error;
    try {
      const identity = this.#unexpired(identityOf(await this.#check(token, true)));
      this.#verified.set(hash, identity);
      return identity;
    } catch (error) {
      this.#remember(hash, error);
      throw error;
    }
  }

  close(): void {
    this.#options.keys.close();
  }

  #remember(hash: string, error: unknown): void {
    if (!(error instanceof AuthError) || error.retryable) return;
    this.#refused.set(hash, { error, until: this.#options.clock.monotonic() + REFUSED_MS });
  }

  #unexpired(identity: Identity): Identity {
    const toleranceMs = this.#options.clockToleranceSeconds * 1000;
    if (this.#options.clock.now() < identity.exp + toleranceMs) return identity;
    throw new AuthError('expired', `the token ended at ${new Date(identity.exp).toISOString()}`);
  }

  async #check(token: string, mayRenew: boolean): Promise<JWTPayload> {
    const { keys, issuer, audience, algorithms, clockToleranceSeconds, clock } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        issuer,
        audience,
        algorithms: [...algorithms],
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(clock.now()),
      });
      return payload;
    } catch (error) {
      if (mayRenew && isKeyMismatch(error) && (await keys.renew())) return this.#check(token, false);
      throw authErrorOf(error);
    }
  }
}

function isKeyMismatch(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

function authErrorOf(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  if (error instanceof errors.JWTExpired)
    return new AuthError('expired', 'the token has ended', { cause: error });
  const why = error instanceof errors.JOSEError ? error.message : 'it cannot be read';
  return new AuthError('invalid', `the token is not accepted: ${why}`, { cause: error });
}

function identityOf(payload: JWTPayload): Identity {
  const user = escapeUser(payload.sub ?? '');
  if (user === undefined) {
    throw new AuthError(
      'invalid',
      'the token is not accepted: "sub" is empty or longer than a user id can be',
    );
  }
  const caps = CapabilitiesSchema.safeParse(payload['caps'] ?? {});
  if (!caps.success) {
    throw new AuthError(
      'invalid',
      `the token is not accepted: "caps" ${caps.error.issues[0]?.message ?? 'is malformed'}`,
    );
  }
  const { exp = 0, iat, jti } = payload;
  return {
    user,
    caps: caps.data,
    exp: exp * 1000,
    ...(jti !== undefined && { jti }),
    ...(iat !== undefined && { iat: iat * 1000 }),
  };
}
