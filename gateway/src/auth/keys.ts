import type { KeyObject } from 'node:crypto';
import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';

/** Finds the key that a token names in its header. */
export type FindKey = (
  header: JWSHeaderParameters,
  token: FlattenedJWSInput,
) => Promise<CryptoKey | KeyObject | Uint8Array>;

/** Where verification keys come from. */
export interface KeySource {
  /** Rejects with jose's errors for an unknown key, with `AuthError` `unavailable` while there are none. */
  readonly find: FindKey;
  /** The one shared secret, for those that have one: it is at hand without waiting. */
  readonly secret?: KeyObject | undefined;
  /** True once there is at least one key. */
  readonly ready: boolean;
  /** Looks for newer keys because a token did not match any; true when trying again can help. Rate-limited inside. */
  renew(): Promise<boolean>;
  close(): void;
}
