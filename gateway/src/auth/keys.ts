import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters, KeyObject } from 'jose';

/** Finds the key that a token names in its header. */
export type FindKey = (
  header: JWSHeaderParameters,
  token: FlattenedJWSInput,
) => Promise<CryptoKey | KeyObject | Uint8Array>;

/** Where verification keys come from. */
export interface KeySource {
  /** Rejects with jose's errors for an unknown key, with `AuthError` `unavailable` while there are none. */
  readonly find: FindKey;
  /** True once there is at least one key. */
  readonly ready: boolean;
  /** Looks for newer keys because a token did not match any; true when trying again can help. Rate-limited inside. */
  renew(): Promise<boolean>;
  close(): void;
}
