import { createHash } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import { CapabilitiesSchema, escapeUser, type Capabilities } from '@chatplatform/protocol';
import type { Clock } from '@chatplatform/runtime';
import { AuthError, type Identity } from './identity.ts';
import type { KeySource } from './keys.ts';
import { SharedSecretTokens } from './shared-secret.ts';

/**
 * Tokens remembered as verified: a reconnect storm of that many clients costs no check of a public key's signature.
 * ~400 bytes each. One signed with a shared secret is checked again, which costs no more than to remember it.
 */
const CACHED_TOKENS = 50_000;

/** Tokens remembered as refused: a client that keeps trying with a wrong one costs a hash, no signature check. */
const REFUSED_TOKENS = 10_000;
/** New keys, or a token that begins to be valid, are noticed after this time. */
const REFUSED_MS = 10_000;

/** Issuers give the same rights to many: equal claims are read once and kept once. */
const CACHED_CLAIMS = 1000;
/** A longer claim is rare, and thousands of different ones would be kept. */
const CACHED_CLAIM_LENGTH = 1024;

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
  /** When the last of the refused is forgotten (monotonic ms): while there are none, nothing is looked up. */
  #refusedUntil = Number.NEGATIVE_INFINITY;
  readonly #capabilities = new LRUCache<string, Capabilities>({ max: CACHED_CLAIMS });
  readonly #sharedSecret = new SharedSecretTokens();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /** True once tokens can be checked. */
  get ready(): boolean {
    return this.#options.keys.ready;
  }

  /** Rejects with {@link AuthError}. */
  async verify(token: string): Promise<Identity> {
    const refused = this.#refusalOf(token);
    if (refused !== undefined) throw refused;
    try {
      const plain = this.#plainClaims(token);
      if (plain !== undefined) return this.#unexpired(this.#identityOf(plain));
      return await this.#thorough(token);
    } catch (error) {
      this.#remember(token, error);
      throw error;
    }
  }

  close(): void {
    this.#options.keys.close();
  }

  /** The claims of a token that a shared secret proves at once; undefined when it takes more to tell. */
  #plainClaims(token: string): JWTPayload | undefined {
    const { keys, clock } = this.#options;
    if (keys.secret === undefined) return undefined;
    return this.#sharedSecret.claims(token, keys.secret, { ...this.#options, now: clock.now() });
  }

  async #thorough(token: string): Promise<Identity> {
    const hash = hashOf(token);
    const known = this.#verified.get(hash);
    if (known !== undefined) return this.#unexpired(known);
    const identity = this.#unexpired(this.#identityOf(await this.#check(token, true)));
    this.#verified.set(hash, identity);
    return identity;
  }

  #refusalOf(token: string): AuthError | undefined {
    const now = this.#options.clock.monotonic();
    if (now >= this.#refusedUntil) return undefined;
    const refused = this.#refused.get(hashOf(token));
    return refused !== undefined && now < refused.until ? refused.error : undefined;
  }

  #remember(token: string, error: unknown): void {
    if (!(error instanceof AuthError) || error.retryable) return;
    this.#refusedUntil = this.#options.clock.monotonic() + REFUSED_MS;
    this.#refused.set(hashOf(token), { error, until: this.#refusedUntil });
  }

  #unexpired(identity: Identity): Identity {
    const toleranceMs = this.#options.clockToleranceSeconds * 1000;
    if (this.#options.clock.now() < identity.exp + toleranceMs) return identity;
    throw new AuthError('expired', `the token ended at ${new Date(identity.exp).toISOString()}`);
  }

  #identityOf(payload: JWTPayload): Identity {
    const user = escapeUser(payload.sub ?? '');
    if (user === undefined) {
      throw new AuthError(
        'invalid',
        'the token is not accepted: "sub" is empty or longer than a user id can be',
      );
    }
    const { exp = 0, iat, jti } = payload;
    return {
      user,
      caps: this.#capabilitiesOf(payload['caps'] ?? {}),
      exp: exp * 1000,
      ...(jti !== undefined && { jti }),
      ...(iat !== undefined && { iat: iat * 1000 }),
    };
  }

  #capabilitiesOf(claim: unknown): Capabilities {
    const text = JSON.stringify(claim);
    const known = this.#capabilities.get(text);
    if (known !== undefined) return known;
    const caps = CapabilitiesSchema.safeParse(claim);
    if (!caps.success) {
      throw new AuthError(
        'invalid',
        `the token is not accepted: "caps" ${caps.error.issues[0]?.message ?? 'is malformed'}`,
      );
    }
    if (text.length <= CACHED_CLAIM_LENGTH) this.#capabilities.set(text, caps.data);
    return caps.data;
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

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
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
