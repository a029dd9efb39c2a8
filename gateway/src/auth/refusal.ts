import { protocolError, type ProtocolError } from '@chatplatform/protocol';
import { AuthError, type AuthErrorCode } from './identity.ts';

/** What clients wait while the keys of the identity provider are not known: it answers within seconds. */
export const UNAVAILABLE_AFTER: readonly [number, number] = [1000, 5000];

const CODES = { invalid: 101, expired: 109, revoked: 101, unavailable: 101 } as const satisfies Record<
  AuthErrorCode,
  number
>;

/** What a client is told about a token that is not accepted. */
export function refusalOf({ code, message }: AuthError): ProtocolError {
  const err = protocolError(CODES[code], message);
  return code === 'unavailable' ? { ...err, retry: true, after: UNAVAILABLE_AFTER[0] } : err;
}

/** An error of checking a token; what is none means that it could not be checked. */
export function authErrorOf(error: unknown): AuthError {
  if (error instanceof AuthError) return error;
  return new AuthError('invalid', 'the token cannot be checked', { cause: error });
}
