import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../kube/index.ts';
import { childMetadata, childNames, type Owner } from './labels.ts';

// 256 bits: as strong as the HMAC-SHA256 it keys.
const KEY_BYTES = 32;

/** Makes secret text. Injected so that tests are repeatable. */
export type MakeKey = () => string;

/** A fresh random key, as text that survives every editor. */
export const randomKey: MakeKey = () => randomBytes(KEY_BYTES).toString('base64url');

/** The Secret with what the platform's own parts share. Created once, never overwritten. */
export function keysSecret(owner: Owner, makeKey: MakeKey): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(owner, 'gateway', childNames.keys(owner)),
    type: 'Opaque',
    stringData: { 'admin-token': makeKey(), 'resume-key': makeKey() },
  };
}
