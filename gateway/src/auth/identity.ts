import type { Capabilities } from '@chatplatform/protocol';

/** Who a token stands for. */
export interface Identity {
  /** User id: the escaped `sub`. */
  readonly user: string;
  readonly caps: Capabilities;
  /** When the token ends, ms since 1970. */
  readonly exp: number;
  /** Id of the token, where it has one: what a single token is revoked by. */
  readonly jti?: string;
  /** When the token was issued, ms since 1970, where it says so. */
  readonly iat?: number;
}

/** Why a token is not accepted: `unavailable` = it cannot be told now, because the keys are not known. */
export type AuthErrorCode = 'invalid' | 'expired' | 'revoked' | 'unavailable';

/** A token that is not accepted. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code: AuthErrorCode;
  readonly retryable: boolean;

  constructor(code: AuthErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}
