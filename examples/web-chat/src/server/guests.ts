import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { SignJWT } from 'jose';

/** A guest and the token to connect with. */
export interface Guest {
  readonly user: string;
  readonly token: string;
  /** Proof that the browser is this guest: with it, and only with it, a further token for the same user is minted. */
  readonly seat: string;
}

/** What guest tokens are made of. */
export interface GuestOptions {
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly audience: string;
}

/** Seconds: long enough for a visit, short enough for a lost token; the page renews it by itself. */
const LIFETIME_SECONDS = 3_600;
/** Public rooms, and nothing else: no personal rooms, no administration. */
const RIGHTS = { 'room:*': ['join', 'publish', 'history', 'presence'] };

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const SUFFIX_LENGTH = 5;
const NAME_MAX = 24;
const USER_PATTERN = /^[a-z0-9-]{1,32}\.[a-z0-9]{5}$/;

/** Mints tokens for people without an account. */
export class Guests {
  readonly #options: GuestOptions;

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  /** A new guest: the user id is the name as far as an id can hold it, and five random characters. */
  async admit(name: string): Promise<Guest> {
    const suffix = Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    return this.#seat(`${slugOf(name)}.${suffix}`);
  }

  /** A further token for a guest who comes back; `undefined` when the seat is not that of the user. */
  async readmit(user: string, seat: string): Promise<Guest | undefined> {
    if (!USER_PATTERN.test(user)) return undefined;
    const expected = Buffer.from(this.#sign(user));
    const given = Buffer.from(seat);
    return given.length === expected.length && timingSafeEqual(given, expected)
      ? this.#seat(user)
      : undefined;
  }

  async #seat(user: string): Promise<Guest> {
    const { key, issuer, audience } = this.#options;
    const token = await new SignJWT({ caps: RIGHTS })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(user)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS} seconds`)
      .sign(key);
    return { user, token, seat: this.#sign(user) };
  }

  #sign(user: string): string {
    // The prefix keeps this use of the key apart from that of the tokens.
    return createHmac('sha256', this.#options.key).update(`guest-seat\n${user}`).digest('base64url');
  }
}

/** Letters without their accents, digits and hyphens; `guest` when nothing is left. */
function slugOf(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, '');
  const slug = plain.replaceAll(/[^a-z0-9]+/g, '-').slice(0, NAME_MAX);
  return slug.replaceAll(/^-+|-+$/g, '') || 'guest';
}
